import { decodeErrorResult, decodeEventLog, decodeFunctionResult, encodeFunctionData, hexToBytes, parseAbi } from 'viem';
import { toHex, verifyStateProof } from '#ledger';
import { openTestChain, type TestChain } from '../../testing/chain.js';
import { hex, Wallet } from '../../testing/wallet.js';
import { RECORDS_ADDRESS } from './address.js';
import { MAX_URI_BYTES } from './put-records.js';

const ABI = parseAbi([
  'function put(bytes32 key, string uri) returns (uint64 index)',
  'function putBatch(bytes32[] keys, string[] uris) returns (uint64[] indices)',
  'struct Record { address by; uint64 height; }',
  'function history(bytes32 key, uint64 from, uint64 limit) view returns (Record[] records)',
  'function verify(bytes32 key, address by) view returns (bool found, uint64 index, address account, uint64 height)',
  'function count(bytes32 key) view returns (uint64)',
  'function get(bytes32 key, uint64 index) view returns (address by, uint64 height)',
  'event RecordPut(bytes32 indexed key, address indexed by, uint64 index, string uri)',
  'error Error(string)',
]);
const KEY = hex(new Uint8Array(32).fill(0xab));
const to = hex(RECORDS_ADDRESS);

describe('Records, called as any Ethereum tool calls a contract', () => {
  let chain: TestChain;
  const alice = new Wallet('alice');
  const bob = new Wallet('bob');
  const put = (wallet: Wallet, uri: string, fields: object = {}): Promise<Uint8Array> => wallet.sign({ to, data: encodeFunctionData({ abi: ABI, functionName: 'put', args: [KEY, uri] }), ...fields });
  const call = async (data: `0x${string}`, fields: object = {}) => chain.executor.call({ to: RECORDS_ADDRESS, data: hexToBytes(data), ...fields });
  const read = async (functionName: 'count' | 'get' | 'history' | 'verify', args: readonly unknown[]): Promise<unknown> => {
    const result = await call(encodeFunctionData({ abi: ABI, functionName, args } as never));
    if (!result.ok) throw new Error(String(decodeErrorResult({ abi: ABI, data: hex(result.returnData) }).args?.[0] ?? result.message));
    return decodeFunctionResult({ abi: ABI, functionName, data: hex(result.returnData) } as never);
  };

  beforeAll(async () => {
    chain = await openTestChain();
    await chain.commit([]);
  });
  afterAll(() => chain.close());

  test('put: an event, the index, the gas of the published formula; older records stay', async () => {
    await chain.commit([await put(alice, 'ipfs://one'), await put(bob, 'ipfs://two')]);
    const [first, second] = chain.store.results(2n) ?? [];
    expect([first?.status, second?.status]).toEqual([1, 1]);
    const event = decodeEventLog({ abi: ABI, topics: second?.logs[0]?.topics.map(hex) as [`0x${string}`], data: hex(second?.logs[0]?.data ?? new Uint8Array()) });
    expect(event.args).toEqual({ key: KEY, by: bob.account.address, index: 1n, uri: 'ipfs://two' });
    const admitted = chain.executor.admit(await new Wallet('alice').sign({ to, data: encodeFunctionData({ abi: ABI, functionName: 'put', args: [KEY, 'ipfs://one'] }) }));
    expect(first?.gasUsed).toBe(admitted.intrinsicGas + 6000n + 80n);
    expect(second?.gasUsed).toBe(admitted.intrinsicGas + 12_000n + 80n);
    expect(await read('count', [KEY])).toBe(2n);
    expect(await read('get', [KEY, 0n])).toEqual([alice.account.address, 2n]);
    expect(await read('get', [KEY, 1n])).toEqual([bob.account.address, 2n]);
  });

  test('what fails says why, uses up the nonce, and writes nothing', async () => {
    const before = await read('count', [KEY]);
    const raws = [
      await put(alice, 'x'.repeat(MAX_URI_BYTES + 1)),
      await put(alice, 'short of gas', { gas: 28_000n }),
      await alice.sign({ to, data: '0x12345678' }),
      await alice.sign({ to, data: '0x' }),
      await alice.sign({ to, data: encodeFunctionData({ abi: ABI, functionName: 'put', args: [KEY, 'cut'] }).slice(0, 140) }),
    ];
    const block = await chain.commit(raws);
    const results = chain.store.results(block.header.height) ?? [];
    expect(results.map(({ status, logs }) => [status, logs.length])).toEqual(raws.map(() => [0, 0]));
    expect(results.map(({ revertData }) => (revertData.length === 0 ? 'out of gas' : decodeErrorResult({ abi: ABI, data: hex(revertData) }).args?.[0]))).toEqual([
      'Records.put: the URI may have 8192 bytes', 'out of gas', 'Records: no such function', 'Records: no function is named', 'Records.put: malformed call data',
    ]);
    expect(results[1]?.gasUsed).toBe(28_000n);
    expect(await read('count', [KEY])).toBe(before);
    expect(chain.store.state().account(alice.address)?.nonce).toBe(BigInt(alice.nonce));
    await expect(read('get', [KEY, 9n])).rejects.toThrow('no record with this index');
    expect(await read('count', [hex(new Uint8Array(32))])).toBe(0n);
  });

  test('an estimate suffices, and a record is proved by the state', async () => {
    const data = hexToBytes(encodeFunctionData({ abi: ABI, functionName: 'put', args: [KEY, 'three'] }));
    const gas = await chain.executor.estimateGas({ from: alice.address, to: RECORDS_ADDRESS, data });
    await chain.commit([await put(alice, 'three', { gas })]);
    expect(await read('count', [KEY])).toBe(3n);
    const written = [...chain.store.state().storage(RECORDS_ADDRESS, hexToBytes(KEY))];
    expect(written.every((byte) => byte === 0)).toBe(true);
    const { createHash } = await import('node:crypto');
    const slot = new Uint8Array(createHash('sha256').update(Uint8Array.of(0)).update(hexToBytes(KEY)).digest());
    const key = { kind: 'storage' as const, address: RECORDS_ADDRESS, slot };
    const head = chain.store.head();
    const proof = verifyStateProof(head.stateRoot, key, chain.store.prove(key));
    expect(proof.ok && toHex(proof.value ?? new Uint8Array())).toBe(`${toHex(alice.address)}${head.height.toString(16).padStart(12, '0')}000000000003`);
  });

  test('putBatch: all or none, a key more than once, the gas of as many puts', async () => {
    const keys = [1, 2, 1].map((n) => hex(new Uint8Array(32).fill(n)));
    const putBatch = (uris: string[], some = keys): `0x${string}` => encodeFunctionData({ abi: ABI, functionName: 'putBatch', args: [some, uris] });
    const block = await chain.commit([await alice.sign({ to, data: putBatch(['a', 'bc', 'd']) }), await bob.sign({ to, data: putBatch([], []) })]);
    const [done, nothing] = chain.store.results(block.header.height) ?? [];
    expect([done?.status, done?.logs.length, nothing?.status, nothing?.logs.length]).toEqual([1, 3, 1, 0]);
    expect(done?.logs.map(({ topics, data }) => decodeEventLog({ abi: ABI, topics: topics.map(hex) as [`0x${string}`], data: hex(data) }).args)).toMatchObject([
      { key: keys[0], index: 0n, uri: 'a' }, { key: keys[1], index: 0n, uri: 'bc' }, { key: keys[0], index: 1n, uri: 'd' },
    ]);
    const { intrinsicGas } = chain.executor.admit(await new Wallet('alice').sign({ to, data: putBatch(['a', 'bc', 'd']) }));
    expect(done?.gasUsed).toBe(intrinsicGas + 3n * 6000n + 6000n + 4n * 8n);
    const called = await call(putBatch(['e', 'f', 'g']), { from: bob.address });
    expect(called.ok && decodeFunctionResult({ abi: ABI, functionName: 'putBatch', data: hex(called.returnData) })).toEqual([2n, 1n, 3n]);

    const long = 'x'.repeat(MAX_URI_BYTES + 1);
    const bad = await chain.commit([
      await alice.sign({ to, data: putBatch(['h', 'i', long]) }), await alice.sign({ to, data: putBatch(['h']) }), await alice.sign({ to, data: putBatch(['h', 'i', 'j']).slice(0, 400) }),
      await alice.sign({ to, data: putBatch(['h', 'i', 'j']), gas: intrinsicGas + 20_000n }),
    ]);
    const results = chain.store.results(bad.header.height) ?? [];
    expect(results.map(({ status, revertData }) => [status, revertData.length === 0 ? 'out of gas' : decodeErrorResult({ abi: ABI, data: hex(revertData) }).args?.[0]])).toEqual([
      [0, 'Records.putBatch: a URI may have 8192 bytes'], [0, 'Records.putBatch: there must be as many URIs as keys'], [0, 'Records.putBatch: malformed call data'], [0, 'out of gas'],
    ]);
    expect([await read('count', [keys[0]]), await read('count', [keys[1]])]).toEqual([2n, 1n]);
  });

  test('history in pages, and the first record by whom', async () => {
    const key = hex(new Uint8Array(32).fill(0x77));
    const by = [bob, alice, bob, alice, alice];
    const heights: bigint[] = [];
    for (const wallet of by) {
      const block = await chain.commit([await wallet.sign({ to, data: encodeFunctionData({ abi: ABI, functionName: 'put', args: [key, ''] }) })]);
      heights.push(block.header.height);
    }
    const all = by.map((wallet, i) => ({ by: wallet.account.address, height: heights[i] }));
    const most = 2n ** 64n - 1n;
    expect(await read('history', [key, 0n, most])).toEqual(all);
    expect(await read('history', [key, 1n, 2n])).toEqual(all.slice(1, 3));
    expect(await read('history', [key, 4n, 9n])).toEqual(all.slice(4));
    expect(await read('history', [key, most, most])).toEqual([]);
    expect(await read('history', [hex(new Uint8Array(32)), 0n, 9n])).toEqual([]);

    const nobody = '0x0000000000000000000000000000000000000000';
    expect(await read('verify', [key, nobody])).toEqual([true, 0n, bob.account.address, heights[0]]);
    expect(await read('verify', [key, alice.account.address])).toEqual([true, 1n, alice.account.address, heights[1]]);
    expect(await read('verify', [key, new Wallet('carol').account.address])).toEqual([false, 0n, nobody, 0n]);
    expect(await read('verify', [hex(new Uint8Array(32)), nobody])).toEqual([false, 0n, nobody, 0n]);

    const gasOf = async (data: `0x${string}`): Promise<bigint> => {
      const { gasUsed } = await call(data);
      return gasUsed - chain.executor.admit(await new Wallet('gas').sign({ to, data })).intrinsicGas;
    };
    expect(await gasOf(encodeFunctionData({ abi: ABI, functionName: 'history', args: [key, 0n, 9n] }))).toBe(6n * 2100n);
    expect(await gasOf(encodeFunctionData({ abi: ABI, functionName: 'verify', args: [key, alice.account.address] }))).toBe(3n * 2100n);
    expect(await call(encodeFunctionData({ abi: ABI, functionName: 'history', args: [key, 0n, 9n] }), { gasLimit: 30_000n })).toMatchObject({ ok: false, code: 'outOfGas' });
  });
});
