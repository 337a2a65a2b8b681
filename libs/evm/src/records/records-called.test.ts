import { decodeAbiParameters, decodeErrorResult, decodeFunctionResult, encodeFunctionData, getAddress, hexToBytes, type Hex } from 'viem';
import { toHex, type Bytes } from '#ledger';
import { openTestChain, type TestChain } from '../../testing/chain.js';
import { compile, type CompiledContract } from '../../testing/contracts.js';
import { hex, Wallet } from '../../testing/wallet.js';
import type { CallFrame } from '../execute/call-frame.js';
import { RECORDS_ADDRESS } from './address.js';

const keyOf = (n: number): Hex => hex(new Uint8Array(32).fill(n));

describe('Records, called by a Solidity contract', () => {
  let chain: TestChain;
  let recorder: CompiledContract;
  let at: Bytes;
  const wallet = new Wallet('caller');
  const data = (functionName: string, args: readonly unknown[]): Hex => encodeFunctionData({ abi: recorder.abi, functionName, args });
  const send = async (functionName: string, args: readonly unknown[]) => {
    const block = await chain.commit([await wallet.sign({ to: hex(at), data: data(functionName, args), gas: 2_000_000n })]);
    const [result] = chain.store.results(block.header.height) ?? [];
    if (result === undefined) throw new Error('no result');
    return { ...result, height: block.header.height };
  };
  const read = async (functionName: string, args: readonly unknown[]): Promise<unknown> => {
    const result = await chain.executor.call({ to: at, data: hexToBytes(data(functionName, args)) });
    if (!result.ok) throw new Error(result.message);
    return decodeFunctionResult({ abi: recorder.abi, functionName, data: hex(result.returnData) });
  };
  const countOf = async (key: Hex): Promise<unknown> => ((await read('look', [key, hex(at)])) as unknown[])[0];

  beforeAll(async () => {
    recorder = compile('Recorder.sol')['Recorder'] as CompiledContract;
    chain = await openTestChain({ alloc: [{ address: wallet.address, balance: 10n, code: new Uint8Array(0) }] });
    await chain.commit([await wallet.sign({ data: recorder.bytecode, value: 5n, gas: 3_000_000n })]);
    at = chain.store.results(1n)?.[0]?.contractAddress as Bytes;
  });
  afterAll(() => chain.close());

  test('there is code, so that Solidity calls; the record is the contract’s, its log an ordinary one', async () => {
    expect(await read('codeSize', [])).toBe(1n);
    const result = await send('anchor', [keyOf(1), 'ipfs://one']);
    expect(result.status).toBe(1);
    const log = result.logs[0];
    expect([toHex(log?.address ?? at), toHex(log?.topics[1] ?? at), toHex(log?.topics[2]?.subarray(12) ?? at)]).toEqual([toHex(RECORDS_ADDRESS), keyOf(1).slice(2), toHex(at)]);
    expect(decodeAbiParameters([{ type: 'uint64' }, { type: 'string' }], hex(log?.data ?? at))).toEqual([0n, 'ipfs://one']);
    expect(chain.store.logs({ fromHeight: result.height, toHeight: result.height, addresses: [RECORDS_ADDRESS] })).toHaveLength(1);
    expect(await read('look', [keyOf(1), hex(at)])).toEqual([1n, [{ by: getAddress(hex(at)), height: result.height }], true, 0n, result.height]);
  });

  test('the gas is the published formula beside the price of the call', async () => {
    const used = async (key: Hex, uri: string): Promise<bigint> => {
      const { logs } = await send('anchor', [key, uri]);
      return BigInt(hex(logs[1]?.data ?? at));
    };
    const [first, longer, second] = [await used(keyOf(2), 'x'.repeat(32)), await used(keyOf(3), 'x'.repeat(64)), await used(keyOf(3), 'x'.repeat(64))];
    // A word more of URI is 256 of the formula and a little copying; an older record is exactly 6,000.
    expect(second - longer).toBe(6000n);
    expect(longer - first).toBeGreaterThanOrEqual(256n);
    expect(longer - first).toBeLessThan(320n);
    // 2,600 for the first call of an address in a transaction.
    expect(first).toBeGreaterThan(2600n + 6000n + 256n);
    expect(first).toBeLessThan(2600n + 6000n + 256n + 1200n);
  });

  test('a frame that fails takes its records along, and only those', async () => {
    const around = await send('anchorAround', [keyOf(4)]);
    expect([around.status, around.logs.length, await countOf(keyOf(4))]).toEqual([1, 2, 2n]);
    const failed = await send('anchorAndRevert', [keyOf(5)]);
    expect([failed.status, failed.logs.length, await countOf(keyOf(5))]).toEqual([0, 0, 0n]);
    const batch = await send('anchorAll', [[keyOf(6), keyOf(6)], ['a', 'b']]);
    expect([batch.status, batch.logs.length, await countOf(keyOf(6))]).toEqual([1, 2, 2n]);
    const bad = await send('anchorAll', [[keyOf(7), keyOf(7)], ['a', 'x'.repeat(9000)]]);
    expect([bad.status, await countOf(keyOf(7))]).toEqual([0, 0n]);
    expect(decodeErrorResult({ abi: [{ type: 'error', name: 'Error', inputs: [{ type: 'string' }] }], data: hex(bad.revertData) }).args?.[0]).toBe('Records.putBatch: a URI may have 8192 bytes');
  });

  test.each([
    [0, 'STATICCALL', 'Records.put: nothing is written in a static call'],
    [1, 'DELEGATECALL', 'Records: call the contract itself, its code cannot be borrowed'],
    [2, 'CALLCODE', 'Records: call the contract itself, its code cannot be borrowed'],
    [3, 'CALL with value', 'Records takes no value'],
    [4, 'CALL with too little gas', null],
  ])('refused (%d): %s', async (kind, _name, reason) => {
    const result = await chain.executor.call({ from: wallet.address, to: at, data: hexToBytes(data('refused', [BigInt(kind), keyOf(8)])) });
    const [ok, answer] = decodeFunctionResult({ abi: recorder.abi, functionName: 'refused', data: hex(result.returnData) }) as [boolean, Hex];
    expect(ok).toBe(false);
    const told = answer === '0x' ? null : decodeErrorResult({ abi: [{ type: 'error', name: 'Error', inputs: [{ type: 'string' }] }], data: answer }).args?.[0];
    expect(told).toBe(reason);
    const sent = await send('refused', [BigInt(kind), keyOf(8)]);
    expect([sent.status, sent.logs.length, await countOf(keyOf(8))]).toEqual([1, 0, 0n]);
    expect(chain.store.state().account(RECORDS_ADDRESS)?.balance).toBe(0n);
  });

  test('callTracer has a frame for it, within a contract and alone', async () => {
    const { height } = await send('anchorAround', [keyOf(9)]);
    const [frame] = (await chain.executor.trace(height, 0, { onlyTopCall: false })) as [CallFrame];
    const told = frame.calls.map(({ type, to, error, output, calls }) => [type, toHex(to ?? at).slice(-6), error, BigInt(hex(output) === '0x' ? 0 : hex(output).slice(0, 66)), calls.length]);
    expect(told).toEqual([['CALL', '5e1e03', null, 0n, 0], ['CALL', toHex(at).slice(-6), 'execution reverted', expect.anything(), 1], ['CALL', '5e1e03', null, 1n, 0]]);
    const [logged] = (await chain.executor.trace(height, 0, { onlyTopCall: false, withLog: true })) as [CallFrame];
    expect(logged.calls.map(({ logs, calls }) => [logs.map(({ address }) => toHex(address).slice(-6)), calls.map((inner) => inner.logs.length)])).toEqual([[['5e1e03'], []], [[], [0]], [['5e1e03'], []]]);
    expect(frame.calls[1]?.calls[0]).toMatchObject({ type: 'CALL', gasUsed: 12_000n + 48n, error: null });
    const block = await chain.commit([await wallet.sign({ to: hex(RECORDS_ADDRESS), data: '0x12345678' })]);
    const [alone] = (await chain.executor.trace(block.header.height, 0, { onlyTopCall: false })) as [CallFrame];
    expect([alone.error, hex(alone.output).slice(0, 10), alone.calls]).toEqual(['execution reverted', '0x08c379a0', []]);
  });
});
