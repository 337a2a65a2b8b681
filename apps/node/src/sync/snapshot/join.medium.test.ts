import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex, type Bytes, type GenesisAlloc } from '#ledger';
import { Wallet } from '../../../../../libs/evm/testing/wallet.js';
import { createLogger } from '../../log/logger.js';
import { FRAME } from '../../peer/frames.js';
import type { PeerLink } from '../../peer/link.js';
import { Mesh } from '../../peer/mesh.js';
import { formatBlock } from '../../rpc/format/block.js';
import { heightOf } from '../../rpc/params/block-id.js';
import { TEST_EVM_CHAIN_ID, TestWorld, until, type TestMember } from '../testing/test-world.js';
import { decodeSnapshotWanted, snapshotPartFrame } from './protocol.js';
import { SnapshotJoin } from './snapshot-join.js';
import { SnapshotServer } from './snapshot-server.js';

const ACCOUNTS = 6000;
const BLOCKS = 300;
const CODE = Uint8Array.of(0x60, 0x01, 0x5f, 0x55, 0x00);

function allotted(): GenesisAlloc[] {
  const address = (n: number): Bytes => Uint8Array.from(Buffer.from(`01${(n + 1).toString(16).padStart(38, '0')}`, 'hex'));
  return Array.from({ length: ACCOUNTS }, (_, n) => ({ address: address(n), balance: BigInt(n + 1), code: n % 100 === 0 ? Uint8Array.of(...CODE, n & 255, n >> 8) : new Uint8Array(0) }))
    .sort((a, b) => Buffer.compare(a.address, b.address));
}

/** Four validators with some hundred blocks and a state of many parts; a fifth node begins from what they have. */
describe('a node that begins from a snapshot', () => {
  let world: TestWorld;
  beforeAll(async () => {
    world = await TestWorld.make({ validators: 4, observers: 1, alloc: allotted(), params: { heartbeatIntervalMs: 200, trailingBlocks: 0, minBlockIntervalMs: 20 } });
    const wallet = new Wallet('joins');
    const transfer = (): Promise<Bytes> => wallet.sign({ chainId: Number(TEST_EVM_CHAIN_ID), to: `0x${'77'.repeat(20)}`, data: '0x', gas: 30_000n });
    await world.prefill(world.members.slice(0, 4), BLOCKS, async (height) => (height % 50 === 0 ? [await transfer()] : []));
    for (const member of world.members.slice(0, 4)) await member.start();
  });
  afterEach(() => world.member(4).forget());
  afterAll(async () => {
    await world.stop();
    expect(world.fatal).toEqual([]);
  });
  const joinOf = (member: TestMember, known: readonly TestMember[] = world.members.slice(0, 4)): SnapshotJoin =>
    new SnapshotJoin({ identity: member.identity, genesis: world.genesis, dataFolder: member.folder, logger: createLogger('silent'), endpoints: Object.fromEntries(known.map(({ identity, port }) => [toHex(identity.publicKey), [`127.0.0.1:${port}`]])) });

  it('has the state of a height that a quorum certified, goes on with the chain, and says what it does not have', async () => {
    const joining = joinOf(world.member(4));
    const height = await joining.run();
    expect(height).toBeGreaterThanOrEqual(BigInt(BLOCKS) - 1n);
    expect(joining.parts).toBeGreaterThan(4);
    const chain = await world.member(4).start();
    await until(() => world.member(4).height > height + 3n, 'blocks above the snapshot');
    const { store } = chain;
    const other = world.member(0).chain.store;
    const head = store.head();
    expect([store.base, head.stateRoot, head.hash]).toEqual([height, other.header(head.height)?.stateRoot, other.blockHashAt(head.height)]);
    // Whatever the state holds can be read, code as well; also of the snapshot's own height.
    const account = allotted()[500]?.address as Bytes;
    expect([store.state().account(account), store.state(height).code(account)]).toEqual([other.state().account(account), other.state(height).code(account)]);
    expect(store.prove({ kind: 'account', address: account }, height)).toEqual(other.prove({ kind: 'account', address: account }, height));
    // BLOCKHASH reaches 256 blocks down; blocks are here above the snapshot only.
    expect([store.blockHashAt(height - 256n), store.blockHashAt(height - 257n)]).toEqual([other.blockHashAt(height - 256n), null]);
    expect([store.block(height - 1n), formatBlock(store, height + 1n, true) === null]).toEqual([null, false]);
    expect(() => store.state(height - 1n)).toThrow('began from a snapshot');
    expect(store.state(0n).root()).toEqual(other.state(0n).root());
    expect(() => heightOf({ store, executor: chain.executor }, { kind: 'height', height: height - 1n })).toThrow(`began from a snapshot at height ${height}`);
  });

  it('executes what comes as every node does, from the state that it was given', async () => {
    await joinOf(world.member(4)).run();
    const chain = await world.member(4).start();
    const wallet = new Wallet('caller');
    const raw = await wallet.sign({ chainId: Number(TEST_EVM_CHAIN_ID), to: `0x${toHex(allotted()[0]?.address as Bytes)}`, data: '0x', gas: 100_000n });
    const hash = await world.member(0).chain.gossip.submit(raw);
    await until(() => chain.store.has(hash), 'the call is committed here');
    expect(chain.store.transaction(hash)?.result.status).toBe(1);
    expect([...chain.store.state().storage(allotted()[0]?.address as Bytes, new Uint8Array(32))].at(-1)).toBe(1);
  });

  it.each<[string, (answer: Bytes) => Bytes]>([
    ['changes a byte of each answer', (answer) => answer.map((byte, i) => (i === (answer.length >> 1) ? byte ^ 1 : byte))],
    ['cuts each answer', (answer) => answer.slice(0, -1)],
    ['answers with another part', () => Uint8Array.of(0, ...new Uint8Array(32), 1, 1)],
  ])('is told by no peer that %s: it is closed, and another asked', async (_name, spoil) => {
    const liar = world.member(3);
    const source = world.member(0).chain.store;
    await liar.pause();
    // Speaks the real protocol with an honest node's key, and answers from an honest store, spoilt.
    const honest = new SnapshotServer(source);
    const mesh = new Mesh(liar.identity, source.genesisHash, () => source.head().height, {
      up: () => undefined, height: () => undefined, down: (link) => honest.forget(link),
      frame: (link, type, payload) => {
        if (type !== FRAME.snapshotWanted) return;
        const { id, request } = decodeSnapshotWanted(payload);
        const through = { keyHex: link.keyHex, closed: false, waitingBytes: 0, send: (frame: Buffer) => link.send(snapshotPartFrame(id, request.kind === 'part' ? spoil(new Uint8Array(frame.subarray(13))) : new Uint8Array(frame.subarray(13)))) };
        honest.asked(through as unknown as PeerLink, payload);
      },
    }, createLogger('silent'));
    liar.serveWith((socket, key) => mesh.accept(socket, key));
    try {
      const joining = joinOf(world.member(4), [world.member(0), liar]);
      const height = await joining.run();
      expect(joining.asking.lies).toBeGreaterThan(0);
      const chain = await world.member(4).start();
      expect(chain.store.state(height).root()).toEqual(source.header(height)?.stateRoot);
    } finally {
      mesh.stop();
      liar.serveHonestly();
      await liar.start();
    }
  }, 30_000);

  it('begins anew where an earlier attempt was cut, and leaves nothing of it', async () => {
    const member = world.member(4);
    mkdirSync(join(member.folder, 'chain.joining'), { recursive: true });
    writeFileSync(join(member.folder, 'chain.joining', 'data.mdb'), 'half of something');
    const cut = joinOf(member);
    const ended = cut.run();
    await until(() => cut.parts > 0, 'the first part');
    cut.stop();
    await expect(ended).rejects.toThrow('stopping');
    expect([existsSync(join(member.folder, 'chain')), existsSync(join(member.folder, 'chain.joining'))]).toEqual([false, false]);
    await joinOf(member).run();
    expect([existsSync(join(member.folder, 'chain')), existsSync(join(member.folder, 'chain.joining'))]).toEqual([true, false]);
  });

  it('does not begin where two histories are certified', async () => {
    const fork = await TestWorld.make({ validators: 4, observers: 1, params: { heartbeatIntervalMs: 600_000, trailingBlocks: 0 } });
    try {
      const [a, b, , , joins] = fork.members as [TestMember, TestMember, TestMember, TestMember, TestMember];
      await fork.prefill([a], 5);
      await fork.prefill([b], 5, async (height) => (height === 4 ? [await new Wallet('fork').sign({ chainId: Number(TEST_EVM_CHAIN_ID), to: `0x${'44'.repeat(20)}`, data: '0x', gas: 21_000n })] : []));
      await a.start([joins]);
      await b.start([joins]);
      const joining = new SnapshotJoin({ identity: joins.identity, genesis: fork.genesis, dataFolder: joins.folder, logger: createLogger('silent'), endpoints: Object.fromEntries([a, b].map(({ identity, port }) => [toHex(identity.publicKey), [`127.0.0.1:${port}`]])) });
      await expect(joining.run()).rejects.toThrow('two histories');
      expect(existsSync(join(joins.folder, 'chain'))).toBe(false);
    } finally {
      await fork.stop();
    }
  });
});
