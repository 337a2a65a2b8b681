import { encodeFunctionData, type Abi, type Hex } from 'viem';
import { bindingSignBytes, genesisToJson, sign, toHex, type Bytes } from '#ledger';
import { CONSORTIUM_ABI, CONSORTIUM_ADDRESS, verifyReceipt } from '#sdk';
import { hex, Wallet } from '../../../../libs/evm/testing/wallet.js';
import type { Identity } from '../identity/identity.js';
import { createLogger } from '../log/logger.js';
import { receiptOf } from '../rpc/methods/stele.js';
import { formatBlock } from '../rpc/format/block.js';
import { SnapshotJoin } from '../sync/snapshot/snapshot-join.js';
import { TEST_EVM_CHAIN_ID, TestWorld, until, type TestMember } from '../sync/testing/test-world.js';

const PACE = { heartbeatIntervalMs: 200, trailingBlocks: 2, trailingIntervalMs: 50, minBlockIntervalMs: 0 };

/** Four validators of four members; a fifth and a sixth node wait for a place. All real but the programs around them. */
describe('a consortium that changes itself', () => {
  let world: TestWorld;
  const members = ['anna', 'bert', 'cora', 'dora'].map((name) => new Wallet(name));
  const newcomer = new Wallet('newcomer');

  beforeAll(async () => {
    world = await TestWorld.make({ validators: 4, observers: 2, params: PACE, members: members.map(({ address }, i) => ({ name: `member ${i}`, governance: address, operations: address })) });
    for (const member of world.members.slice(0, 5)) await member.start();
    await until(() => world.member(0).height > 1n, 'the chain begins');
  });
  afterAll(async () => {
    await world.stop();
    expect(world.fatal).toEqual([]);
  });

  const all = (): readonly TestMember[] => world.members.slice(0, 5);
  const store = (): TestMember['chain']['store'] => world.member(0).chain.store;
  const validators = (index = 0): string[] => world.member(index).chain.validators.validators.map(({ publicKey }) => toHex(publicKey)).sort();
  const keys = (...indexes: number[]): string[] => indexes.map((index) => toHex(world.member(index).identity.publicKey)).sort();

  /** Sends through one node and waits until another has it committed. Answers the hash. */
  const send = async (wallet: Wallet, functionName: string, args: readonly unknown[], status = 1): Promise<Bytes> => {
    const data = encodeFunctionData({ abi: CONSORTIUM_ABI as Abi, functionName, args });
    const hash = await world.member(1).chain.gossip.submit(await wallet.sign({ chainId: Number(TEST_EVM_CHAIN_ID), to: CONSORTIUM_ADDRESS, data, gas: 4_000_000n }));
    await until(() => store().has(hash), `${functionName} is committed`);
    expect([functionName, store().transaction(hash)?.result.status]).toEqual([functionName, status]);
    return hash;
  };
  let proposals = 0n;
  const decide = async (functionName: string, args: readonly unknown[], voters: readonly Wallet[]): Promise<void> => {
    const [first, ...others] = voters as [Wallet, ...Wallet[]];
    await send(first, 'propose', [encodeFunctionData({ abi: CONSORTIUM_ABI as Abi, functionName, args })]);
    proposals += 1n;
    for (const voter of others) await send(voter, 'vote', [proposals, true]);
  };
  const binding = ({ privateKey, publicKey }: Identity, member: number, height = 0n): Hex => {
    const blockHash = store().blockHashAt(height) as Bytes;
    return hex(sign(privateKey, bindingSignBytes(store().genesisHash, { member, publicKey, height, blockHash })));
  };
  const validatorsAre = (...indexes: number[]): Promise<void> => until(() => all().every((_, i) => validators(i).join() === keys(...indexes).join()), `nodes ${indexes.join()} vote`);

  test('a member is admitted, registers its node, and the node makes itself a validator', async () => {
    const { identity } = world.member(4);
    await decide('admit', ['newcomer', newcomer.account.address, newcomer.account.address, 1n, 1], members.slice(0, 3));
    await send(newcomer, 'registerNode', [hex(identity.publicKey), binding(identity, 4)]);
    expect(validators()).toEqual(keys(0, 1, 2, 3));
    const height = store().head().height;
    await send(newcomer, 'activate', [hex(identity.publicKey), height, binding(identity, 4, height)]);
    await validatorsAre(0, 1, 2, 3, 4);
    // Five of power 1 decide with four: without one of the founders the newcomer's vote is needed.
    await world.member(3).pause();
    const before = world.member(0).height;
    await until(() => world.member(0).height > before + 4n, 'the chain goes on with the newcomer’s vote');
    expect(store().certificate(world.member(0).height)?.signatures).toHaveLength(4);
    await world.member(3).start();
    await until(() => world.member(3).height >= world.member(0).height, 'the founder is back');
  });

  test('a member goes: its node votes no more, its key comes back no more', async () => {
    await decide('remove', [1], [members[0], members[2], newcomer] as Wallet[]);
    await validatorsAre(0, 2, 3, 4);
    expect(await send(newcomer, 'registerNode', [hex(world.member(1).identity.publicKey), binding(world.member(1).identity, 4)], 0)).toBeDefined();
  });

  test('another key takes the place of one, with its power and without a vote', async () => {
    const { identity } = world.member(5);
    const height = store().head().height;
    await send(newcomer, 'rotateNode', [hex(world.member(4).identity.publicKey), hex(identity.publicKey), height, binding(identity, 4, height)]);
    await world.member(5).start();
    await until(() => validators().join() === keys(0, 2, 3, 5).join(), 'the new key votes');
    await until(() => world.member(5).height >= world.member(0).height, 'the new node follows');
  });

  test('parameters change by a vote and hold from the next height on', async () => {
    const before = store().paramsAt(store().head().height);
    const { low, high } = { low: [0, 200, 2, 50, 1500, 400, 400, 200].reduce((word, n, i) => word | (BigInt(n) << BigInt(32 * i)), 0n), high: (1n << 20n) | (12_000_000n << 32n) | (8_000_000n << 96n) };
    await decide('setParams', [low, high], [members[0], members[2], newcomer] as Wallet[]);
    await until(() => all().every((member) => member.chain.store.paramsAt(member.height + 1n).blockGasLimit === 12_000_000n), 'the limit is another');
    expect(before.blockGasLimit).toBe(30_000_000n);
    const at = store().head().height;
    await until(() => store().head().height > at, 'a block under the new parameters');
    expect([formatBlock(store(), at + 1n, true)?.gasLimit, formatBlock(store(), 1n, true)?.gasLimit]).toEqual(['0xb71b00', '0x1c9c380']);
  });

  test('a receipt from after all changes verifies offline, from genesis alone', async () => {
    const hash = await send(newcomer, 'delegateRotation', [members[0]?.account.address, 3600]);
    const receipt = receiptOf({ store: store(), executor: world.member(0).chain.executor }, hash);
    if (receipt === null) throw new Error('no receipt');
    expect(receipt.validatorChanges.length).toBeGreaterThanOrEqual(3);
    const genesis = genesisToJson(world.genesis);
    const options = { genesisHash: genesis.genesisHash };
    expect(verifyReceipt(genesis, JSON.parse(JSON.stringify(receipt)), options)).toMatchObject({ ok: true, genesisAuthenticated: true });
    const without = { ...receipt, validatorChanges: receipt.validatorChanges.slice(1) };
    expect(verifyReceipt(genesis, JSON.parse(JSON.stringify(without)), options)).toMatchObject({ ok: false, code: 'validatorChanges' });
  });

  test('a restarted node, one that syncs from genesis and one that begins from a snapshot know who votes', async () => {
    const wanted = validators();
    await world.member(0).pause();
    await world.member(0).start();
    expect(validators()).toEqual(wanted);
    await world.member(1).forget();
    await world.member(1).start();
    await until(() => validators(1).join() === wanted.join() && world.member(1).height >= world.member(0).height, 'it has executed all changes');
    await world.member(1).forget();
    const peers = [0, 2, 3, 5].map((index) => world.member(index));
    const joined = await new SnapshotJoin({
      identity: world.member(1).identity, genesis: world.genesis, dataFolder: world.member(1).folder, logger: createLogger('silent'),
      endpoints: Object.fromEntries(peers.map(({ identity, port }) => [toHex(identity.publicKey), [`127.0.0.1:${port}`]])),
    }).run();
    const chain = await world.member(1).start();
    expect(validators(1)).toEqual(wanted);
    expect(chain.store.paramsAt(joined + 1n).blockGasLimit).toBe(12_000_000n);
    expect(chain.store.validatorChanges(1n, joined, 100)).toEqual(store().validatorChanges(1n, joined, 100));
    await until(() => world.member(1).height > joined + 3n, 'it goes on');
  });
});
