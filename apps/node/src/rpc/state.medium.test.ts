import { createPublicClient, createWalletClient, decodeEventLog, defineChain, http, toHex, type Hex, type PublicClient } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { RECORDS_ABI, RECORDS_ADDRESS as RECORDS } from '#sdk';
import { compile, type CompiledContract } from '../../../../libs/evm/testing/contracts.js';
import { ChainOfOne, EVM_CHAIN_ID, RICH_KEY } from './testing/chain-of-one.js';

const account = privateKeyToAccount(RICH_KEY);
const chain = defineChain({ id: EVM_CHAIN_ID, name: 'one', nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 }, rpcUrls: { default: { http: [] } } });
const keyOf = (n: number): Hex => toHex(n, { size: 32 });
const HISTORY = 10;

/** A node that keeps few states, seen through its JSON-RPC. */
describe('state and Records through viem', () => {
  let node: ChainOfOne;
  let reader: PublicClient;
  let recorder: CompiledContract;
  let at: Hex;
  const walletAt = () => createWalletClient({ account, chain, transport: http(node.url) });
  const write = async (address: Hex, abi: CompiledContract['abi'], functionName: string, args: readonly unknown[]) =>
    reader.waitForTransactionReceipt({ hash: await walletAt().writeContract({ address, abi, functionName, args }) });

  beforeAll(async () => {
    node = await ChainOfOne.start({}, HISTORY);
    reader = createPublicClient({ chain, transport: http(node.url), pollingInterval: 20 });
    recorder = compile('Recorder.sol')['Recorder'] as CompiledContract;
    const hash = await walletAt().deployContract({ abi: recorder.abi, bytecode: recorder.bytecode });
    at = (await reader.waitForTransactionReceipt({ hash })).contractAddress as Hex;
  });
  afterAll(() => node.stop());

  it('a Solidity contract puts a record: gas estimated, an ordinary log, a frame in the trace', async () => {
    expect(await reader.getCode({ address: RECORDS })).toBe('0xfe');
    const receipt = await write(at, recorder.abi, 'anchor', [keyOf(1), 'ipfs://one']);
    expect(receipt.status).toBe('success');
    const log = receipt.logs[0];
    expect(log?.address).toBe(RECORDS);
    const { args } = decodeEventLog({ abi: RECORDS_ABI, topics: log?.topics ?? [], data: log?.data ?? '0x' });
    expect(args).toMatchObject({ key: keyOf(1), index: 0n, uri: 'ipfs://one' });
    expect(await reader.getContractEvents({ address: RECORDS, abi: RECORDS_ABI, eventName: 'RecordPut', args: { key: keyOf(1) }, fromBlock: 0n })).toHaveLength(1);
    expect(await reader.readContract({ address: RECORDS, abi: RECORDS_ABI, functionName: 'verify', args: [keyOf(1), at] })).toMatchObject([true, 0n, expect.stringMatching(new RegExp(at, 'i')), receipt.blockNumber]);
    const trace = (await reader.request({ method: 'debug_traceTransaction' as never, params: [receipt.transactionHash, { tracer: 'callTracer' }] as never })) as { calls: { to: string; type: string; gasUsed: string }[] };
    expect(trace.calls.map(({ to, type, gasUsed }) => [to, type, Number(gasUsed)])).toEqual([[RECORDS, 'CALL', 6000 + 8 * 10]]);
  });

  it('a batch, and what a refused one says', async () => {
    const receipt = await write(RECORDS, RECORDS_ABI as never, 'putBatch', [[keyOf(2), keyOf(3), keyOf(2)], ['a', 'b', 'c']]);
    expect([receipt.status, receipt.logs.length]).toEqual(['success', 3]);
    expect(await reader.readContract({ address: RECORDS, abi: RECORDS_ABI, functionName: 'count', args: [keyOf(2)] })).toBe(2n);
    await expect(reader.simulateContract({ address: RECORDS, abi: RECORDS_ABI, functionName: 'putBatch', args: [[keyOf(2)], []] })).rejects.toThrow('there must be as many URIs as keys');
    await expect(reader.readContract({ address: at, abi: recorder.abi, functionName: 'look', args: [keyOf(2), account.address] })).resolves.toMatchObject([2n, [{}, {}], true, 0n, receipt.blockNumber]);
  });

  it('reads the states of the last blocks, and says why not those below', async () => {
    const heights: bigint[] = [];
    for (let i = 0; i < 30; i++) heights.push((await write(RECORDS, RECORDS_ABI as never, 'put', [keyOf(9), `${i}`])).blockNumber);
    const head = node.store.head().height;
    const countAt = (blockNumber: bigint): Promise<bigint> => reader.readContract({ address: RECORDS, abi: RECORDS_ABI, functionName: 'count', args: [keyOf(9)], blockNumber });
    for (const [i, height] of heights.entries()) if (height >= head - BigInt(HISTORY)) expect(await countAt(height)).toBe(BigInt(i + 1));
    while (node.store.oldestState < 5n) await new Promise((resolve) => setTimeout(resolve, 20));
    const told = `the state of height 2 is pruned here, the oldest kept is that of`;
    await expect(countAt(2n)).rejects.toThrow(told);
    await expect(reader.getBalance({ address: at, blockNumber: 2n })).rejects.toThrow(told);
    await expect(reader.getStorageAt({ address: at, slot: '0x0', blockNumber: 2n })).rejects.toThrow('STELE_HISTORY');
    await expect(reader.request({ method: 'stele_getProof' as never, params: [at, [], '0x2'] as never })).rejects.toThrow(told);
    // Genesis's state, and every block, receipt and log, stay.
    expect(await reader.getBalance({ address: account.address, blockTag: 'earliest' })).toBeGreaterThan(0n);
    expect((await reader.getBlock({ blockNumber: 2n })).transactions).toHaveLength(1);
    expect(await reader.getContractEvents({ address: RECORDS, abi: RECORDS_ABI, eventName: 'RecordPut', args: { key: keyOf(1) }, fromBlock: 0n })).toHaveLength(1);
  });
});
