import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeDeployData, encodeFunctionData, keccak256, pad, toEventSelector, type Hex } from 'viem';
import { blockHash, encodeBlock, fromHex, toHex, type Bytes, verifyStateProof } from '#ledger';
import { compile } from '../../testing/contracts.js';
import { blockOf, certificateOf, openTestChain, testGenesis, type TestChain } from '../../testing/chain.js';
import { hex, Wallet } from '../../testing/wallet.js';
import { createExecutor, openChainStore } from '../index.js';

const { Token } = compile('Contracts.sol') as Record<'Token', NonNullable<ReturnType<typeof compile>[string]>>;
const TRANSFER = fromHex(toEventSelector('Transfer(address,address,uint256)'));
const topicOf = (address: Hex): Bytes => fromHex(pad(address));

describe('store', () => {
  let chain: TestChain;
  const alice = new Wallet('alice');
  const [bob, carol] = [new Wallet('bob'), new Wallet('carol')];
  const tokens: Bytes[] = [];
  const transfer = async (token: Bytes, to: Wallet, value: bigint): Promise<Bytes> =>
    alice.sign({ to: hex(token), data: encodeFunctionData({ abi: Token.abi, functionName: 'transfer', args: [to.account.address, value] }) });

  beforeAll(async () => {
    chain = await openTestChain({ alloc: [{ address: alice.address, balance: 1000n, code: new Uint8Array(0) }] });
    const deploy = encodeDeployData({ abi: Token.abi, bytecode: Token.bytecode, args: [10n ** 6n] });
    await chain.commit([await alice.sign({ data: deploy }), await alice.sign({ data: deploy })]);
    for (const result of chain.store.results(1n) ?? []) tokens.push(result.contractAddress as Bytes);
    const [one, two] = tokens as [Bytes, Bytes];
    await chain.commit([await transfer(one, bob, 1n), await transfer(two, bob, 2n), await transfer(one, carol, 3n)]);
    await chain.commit([]);
    await chain.commit([await transfer(two, carol, 4n), await alice.sign({ to: bob.account.address, value: 10n })]);
  });
  afterAll(() => chain.close());

  test('genesis is height 0: its state, its hash, no block', async () => {
    const { store } = chain;
    expect(store.state(0n).account(alice.address)).toMatchObject({ balance: 1000n, nonce: 0n });
    expect(store.block(0n)).toBeNull();
    expect(toHex(store.blockHashAt(0n) as Bytes)).toBe(toHex(store.genesisHash));
    expect(() => store.state(99n)).toThrow(expect.objectContaining({ code: 'unknownHeight' }));
  });

  test('a block is found by height and by hash, with certificate, results and bytes', () => {
    const { store } = chain;
    const block = store.block(2n);
    if (block === null) throw new Error('no block');
    const hash = blockHash(block.header);
    expect(store.heightOf(hash)).toBe(2n);
    expect(store.block(hash)).toEqual(block);
    expect(toHex(store.blockHashAt(2n) as Bytes)).toBe(toHex(hash));
    expect(store.certificate(2n)).toMatchObject({ kind: 'precommit', height: 2n });
    expect(store.results(2n)?.map(({ index, firstLogIndex }) => [index, firstLogIndex])).toEqual([[0, 0], [1, 1], [2, 2]]);
    expect(toHex(store.blockBytes(2n) as Bytes)).toBe(toHex(encodeBlock(block)));
    expect([store.block(77n), store.certificate(77n), store.results(77n), store.blockHashAt(77n), store.block(-1n)]).toEqual([null, null, null, null, null]);
    expect(store.block(new Uint8Array(32))).toBeNull();
  });

  test('a transaction is found by its hash', () => {
    const raw = chain.store.block(2n)?.transactions[1] as Bytes;
    const place = chain.store.transaction(fromHex(keccak256(raw)));
    expect(place).toMatchObject({ height: 2n, index: 1, result: { status: 1, index: 1, firstLogIndex: 1 } });
    expect(toHex(place?.result.sender as Bytes)).toBe(toHex(alice.address));
    expect(place?.result.cumulativeGasUsed).toBeGreaterThan(place?.result.gasUsed as bigint);
    expect(chain.store.transaction(new Uint8Array(32))).toBeNull();
  });

  test('logs are searched in turns too, and bounded in number and bytes', async () => {
    const { store } = chain;
    const range = { fromHeight: 0n, toHeight: 100n };
    expect(await store.findLogs(range)).toEqual(store.logs(range));
    await expect(store.findLogs({ ...range, limit: 5 })).rejects.toMatchObject({ code: 'tooManyLogs' });
    // Each of the six holds one word.
    expect(await store.findLogs({ ...range, bytes: 192 })).toHaveLength(6);
    await expect(store.findLogs({ ...range, bytes: 191 })).rejects.toMatchObject({ code: 'tooManyLogs' });
    expect(await store.findLogs({ fromHeight: 2n, toHeight: 2n, bytes: 1 })).toHaveLength(3);
  });

  test('logs by address, by topic at its position, by both, by alternatives, by range', () => {
    const [one, two] = tokens as [Bytes, Bytes];
    const found = (filter: object): string[] =>
      chain.store.logs({ fromHeight: 0n, toHeight: 100n, ...filter }).map((log) => `${log.height}:${log.transactionIndex}:${log.logIndex}`);
    const all = ['1:0:0', '1:1:1', '2:0:0', '2:1:1', '2:2:2', '4:0:0'];
    expect(found({})).toEqual(all);
    expect(found({ addresses: [] })).toEqual(all);
    expect(found({ topics: [[TRANSFER]] })).toEqual(all);
    expect(found({ addresses: [one] })).toEqual(['1:0:0', '2:0:0', '2:2:2']);
    expect(found({ addresses: [one, two] })).toEqual(all);
    expect(found({ topics: [null, null, [topicOf(bob.account.address)]] })).toEqual(['2:0:0', '2:1:1']);
    expect(found({ topics: [null, [topicOf(bob.account.address)]] })).toEqual([]);
    expect(found({ topics: [[TRANSFER], null, [topicOf(bob.account.address), topicOf(carol.account.address)]] })).toEqual(['2:0:0', '2:1:1', '2:2:2', '4:0:0']);
    expect(found({ addresses: [two], topics: [null, null, [topicOf(carol.account.address)]] })).toEqual(['4:0:0']);
    expect(found({ fromHeight: 2n, toHeight: 3n })).toEqual(['2:0:0', '2:1:1', '2:2:2']);
    expect(found({ topics: [null, null, null, null] })).toEqual([]);
    expect(() => found({ limit: 2 })).toThrow(expect.objectContaining({ code: 'tooManyLogs' }));
    const [log] = chain.store.logs({ fromHeight: 4n, toHeight: 4n });
    expect(log).toMatchObject({ height: 4n, transactionIndex: 0, timeMs: chain.store.header(4n)?.timeMs });
    expect(toHex(log?.blockHash as Bytes)).toBe(toHex(chain.store.blockHashAt(4n) as Bytes));
  });

  test('old heights keep their values, and prove them against their own header', () => {
    const { store } = chain;
    const at = { kind: 'account' as const, address: bob.address };
    const balances = [0n, 1n, 2n, 3n, 4n].map((height) => store.state(height).account(bob.address)?.balance ?? null);
    expect(balances).toEqual([null, null, null, null, 10n]);
    expect([1n, 2n, 3n, 4n].map((height) => store.state(height).account(alice.address)?.nonce)).toEqual([2n, 5n, 5n, 7n]);
    expect(verifyStateProof(store.header(4n)?.stateRoot as Bytes, at, store.prove(at))).toMatchObject({ ok: true, account: { balance: 10n } });
    expect(verifyStateProof(store.header(3n)?.stateRoot as Bytes, at, store.prove(at, 3n))).toEqual({ ok: true, value: null, account: null });
    expect(verifyStateProof(store.header(4n)?.stateRoot as Bytes, at, store.prove(at, 3n))).toMatchObject({ ok: false, code: 'wrongRoot' });
    const slot = fromHex(keccak256(new Uint8Array([...topicOf(bob.account.address), ...fromHex(pad('0x01'))])));
    const balance = { kind: 'storage' as const, address: tokens[1] as Bytes, slot };
    expect(verifyStateProof(store.header(2n)?.stateRoot as Bytes, balance, store.prove(balance, 2n))).toMatchObject({ ok: true, value: fromHex(pad('0x02')) });
  });

  test('a reader keeps its height while the chain grows', async () => {
    const before = chain.store.state();
    const nonce = before.account(alice.address)?.nonce as bigint;
    await chain.commit([await transfer(tokens[0] as Bytes, bob, 1n)]);
    expect(before.account(alice.address)?.nonce).toBe(nonce);
    expect(chain.store.state().account(alice.address)?.nonce).toBe(nonce + 1n);
  });

  test('everything is there after a close and a new open, and the chain goes on', async () => {
    const head = chain.store.head();
    await chain.reopen();
    expect(chain.store.head()).toEqual(head);
    const block = await chain.commit([await transfer(tokens[0] as Bytes, bob, 1n)]);
    expect(block.header.height).toBe(head.height + 1n);
    expect(chain.store.logs({ fromHeight: 0n, toHeight: 100n, addresses: [tokens[0] as Bytes] })).toHaveLength(5);
  });

  test('a copy taken between two commits opens as the older height and reaches the same root', async () => {
    const head = chain.store.head();
    const copy = mkdtempSync(join(tmpdir(), 'stele-evm-copy-'));
    cpSync(chain.folder, copy, { recursive: true });
    const raw = await transfer(tokens[0] as Bytes, carol, 1n);
    const block = await chain.commit([raw]);
    const store = await openChainStore(copy, { genesis: chain.genesis });
    expect(store.head()).toEqual(head);
    const executor = await createExecutor({ store });
    const executed = await executor.executeBlock({ parent: store.head(), timeMs: block.header.timeMs, transactions: [executor.admit(raw)] });
    await executor.commit(blockOf(store, executed, head.certificate), certificateOf(block.header), executed);
    expect(toHex(store.head().hash)).toBe(toHex(blockHash(block.header)));
    await store.close();
  });

  test('another genesis is refused, and reading a closed store', async () => {
    const other = await openTestChain();
    await other.close();
    await expect(openChainStore(other.folder, { genesis: testGenesis({ evmChainId: 5n }) })).rejects.toMatchObject({ code: 'wrongGenesis' });
    expect(() => other.store.block(1n)).toThrow(expect.objectContaining({ code: 'storeClosed' }));
  });
});
