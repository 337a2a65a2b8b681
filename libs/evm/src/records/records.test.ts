import { decodeErrorResult, decodeEventLog, decodeFunctionResult, encodeFunctionData, hexToBytes, parseAbi } from 'viem';
import { toHex, verifyStateProof } from '#ledger';
import { openTestChain, type TestChain } from '../../testing/chain.js';
import { hex, Wallet } from '../../testing/wallet.js';
import { MAX_URI_BYTES, RECORDS_ADDRESS } from './records.js';

const ABI = parseAbi([
  'function put(bytes32 key, string uri) returns (uint64 index)',
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
  const read = async (functionName: 'count' | 'get', args: readonly unknown[]): Promise<unknown> => {
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
});
