import {
  BaseError, ContractFunctionRevertedError, createPublicClient, createTestClient, createWalletClient, defineChain, http, parseEther, webSocket,
  type Hash, type Hex, type Log,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { generateKeyPair, makeEvidence, sign, to0x, voteSignBytes, type Bytes, type Evidence } from '#ledger';
import { verifyReceipt, verifyState } from '#sdk';
import { ChainOfOne, EVM_CHAIN_ID, RICH_KEY } from './testing/chain-of-one.js';
import { PROBE_ABI, probeBytecode } from './testing/probe.js';

const account = privateKeyToAccount(RICH_KEY);
const chain = defineChain({ id: EVM_CHAIN_ID, name: 'one', nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 }, rpcUrls: { default: { http: [] } } });
const readerAt = (url: string) => createPublicClient({ chain, transport: http(url), pollingInterval: 20 });
const walletAt = (url: string) => createWalletClient({ account, chain, transport: http(url) });

describe('viem against a chain of one validator', () => {
  let node: ChainOfOne;
  let reader: ReturnType<typeof readerAt>;
  let wallet: ReturnType<typeof walletAt>;
  let probe: Hex;

  beforeAll(async () => {
    node = await ChainOfOne.start();
    reader = readerAt(node.url);
    wallet = walletAt(node.url);
    const hash = await wallet.deployContract({ abi: PROBE_ABI, bytecode: probeBytecode(), args: [7n], value: 5n });
    const receipt = await reader.waitForTransactionReceipt({ hash });
    expect(receipt.status).toBe('success');
    probe = receipt.contractAddress as Hex;
  });

  afterAll(async () => node.stop());

  const store = (value: bigint, note: string): Promise<Hash> => wallet.writeContract({ address: probe, abi: PROBE_ABI, functionName: 'store', args: [value, note] });

  it('reads chain, block, genesis and state', async () => {
    expect(await reader.getChainId()).toBe(EVM_CHAIN_ID);
    const block = await reader.getBlock({ blockTag: 'finalized', includeTransactions: true });
    expect(block).toMatchObject({ baseFeePerGas: 0n, difficulty: 0n, uncles: [], number: node.store.head().height });
    expect(block.logsBloom).toHaveLength(514);
    expect(block.transactions[0]).toMatchObject({ from: account.address.toLowerCase(), chainId: EVM_CHAIN_ID, type: 'eip1559', transactionIndex: 0 });
    const genesis = await reader.getBlock({ blockNumber: 0n });
    expect(genesis.hash).toBe(node.genesisFile.genesisHash);
    expect((await reader.getBlock({ blockNumber: 1n })).parentHash).toBe(genesis.hash);
    expect(await reader.getBlock({ blockHash: genesis.hash })).toEqual(genesis);
    expect(await reader.getBalance({ address: account.address, blockTag: 'earliest' })).toBe(parseEther('1000'));
    expect(await reader.getBalance({ address: probe })).toBe(5n);
    expect(await reader.getStorageAt({ address: probe, slot: '0x0' })).toBe(`0x${'7'.padStart(64, '0')}`);
    expect((await reader.getCode({ address: probe }))?.length).toBeGreaterThan(100);
    expect(await reader.getGasPrice()).toBe(0n);
    expect(await reader.getFeeHistory({ blockCount: 2, rewardPercentiles: [50] })).toMatchObject({ baseFeePerGas: [0n, 0n, 0n], oldestBlock: node.store.head().height - 1n, reward: [[0n], [0n]] });
  });

  it('writes, waits, reads the logs and the environment', async () => {
    const receipt = await reader.waitForTransactionReceipt({ hash: await store(42n, 'first') });
    expect(receipt).toMatchObject({ status: 'success', effectiveGasPrice: 0n, type: 'eip1559', to: probe.toLowerCase() });
    expect(await reader.readContract({ address: probe, abi: PROBE_ABI, functionName: 'value' })).toBe(42n);
    expect(await reader.readContract({ address: probe, abi: PROBE_ABI, functionName: 'value', blockNumber: receipt.blockNumber - 1n })).toBe(7n);
    const logs = await reader.getContractEvents({ address: probe, abi: PROBE_ABI, eventName: 'Stored', args: { value: 42n }, fromBlock: 0n });
    expect(logs).toHaveLength(1);
    expect(logs[0]).toMatchObject({ args: { who: account.address, value: 42n, note: 'first' }, blockHash: receipt.blockHash, logIndex: 0, removed: false });
    expect(await reader.getContractEvents({ address: probe, abi: PROBE_ABI, eventName: 'Stored', args: { value: 43n }, fromBlock: 0n })).toEqual([]);
    const block = await reader.getBlock();
    const [number, timestamp, randao, price, below] = await reader.readContract({ address: probe, abi: PROBE_ABI, functionName: 'environment' });
    expect({ number, timestamp, price, below }).toEqual({ number: block.number, timestamp: block.timestamp, price: 0n, below: block.parentHash });
    expect(randao).toBe(BigInt(block.mixHash));
  });

  it('decodes a reason, a custom error and a panic, in calls and in estimates', async () => {
    const failureOf = async (run: Promise<unknown>): Promise<ContractFunctionRevertedError> => {
      const error: unknown = await run.then(() => null, (reason: unknown) => reason);
      const revert = error instanceof BaseError ? error.walk((cause) => cause instanceof ContractFunctionRevertedError) : null;
      if (!(revert instanceof ContractFunctionRevertedError)) throw new Error('no revert was decoded', { cause: error });
      return revert;
    };
    const contract = { address: probe, abi: PROBE_ABI } as const;
    expect((await failureOf(reader.readContract({ ...contract, functionName: 'refuse' }))).reason).toBe('not today');
    expect((await failureOf(reader.readContract({ ...contract, functionName: 'atLeast', args: [3n] }))).data).toMatchObject({ errorName: 'TooSmall', args: [3n, 10n] });
    expect((await failureOf(reader.readContract({ ...contract, functionName: 'divide', args: [0n] }))).reason).toMatch(/divi/i);
    expect((await failureOf(wallet.writeContract({ ...contract, functionName: 'storeOrRefuse', args: [3n] }))).data).toMatchObject({ errorName: 'TooSmall' });
  });

  it('shows a transaction that reverted, with what it returned', async () => {
    const hash = await wallet.writeContract({ address: probe, abi: PROBE_ABI, functionName: 'storeOrRefuse', args: [4n], gas: 100_000n });
    const receipt = await reader.waitForTransactionReceipt({ hash });
    expect(receipt.status).toBe('reverted');
    expect(receipt).toHaveProperty('revertReason', expect.stringMatching(/^0x[0-9a-f]{136}$/));
  });

  it('overrides state in a call', async () => {
    const value = await reader.readContract({
      address: probe, abi: PROBE_ABI, functionName: 'value',
      stateOverride: [{ address: probe, stateDiff: [{ slot: `0x${'0'.repeat(64)}`, value: `0x${'63'.padStart(64, '0')}` }] }],
    });
    expect(value).toBe(99n);
  });

  it('shows what waits in the pool, and counts it in the pending nonce', async () => {
    node.makesBlocks = false;
    const before = await reader.getTransactionCount({ address: account.address });
    const hash = await store(50n, 'waits');
    expect(await reader.getTransaction({ hash })).toMatchObject({ blockHash: null, blockNumber: null, from: account.address.toLowerCase(), nonce: before });
    expect(await reader.getTransactionCount({ address: account.address, blockTag: 'pending' })).toBe(before + 1);
    await expect(reader.getTransactionReceipt({ hash })).rejects.toThrow(/could not be found/);
    node.makesBlocks = true;
    await node.makeBlock();
    const committed = await reader.getTransaction({ hash });
    expect(committed.blockNumber).toBe(node.store.head().height);
    expect(await reader.getTransaction({ blockHash: committed.blockHash, index: 0 })).toEqual(committed);
  });

  it('sends and waits in one call (EIP-7966)', async () => {
    const receipt = await wallet.sendTransactionSync({ to: probe.replace(/.$/, '1') as Hex, value: 1n });
    expect(receipt.status).toBe('success');
  });

  it('polls filters', async () => {
    const blocks = await reader.createBlockFilter();
    const logs = await reader.createContractEventFilter({ address: probe, abi: PROBE_ABI, eventName: 'Stored' });
    const { blockHash } = await reader.waitForTransactionReceipt({ hash: await store(60n, 'filtered') });
    expect(await reader.getFilterChanges({ filter: blocks })).toEqual([blockHash]);
    expect((await reader.getFilterChanges({ filter: logs })).map(({ args }) => args.note)).toEqual(['filtered']);
    expect(await reader.getFilterChanges({ filter: logs })).toEqual([]);
    expect(await reader.uninstallFilter({ filter: logs })).toBe(true);
    await expect(reader.getFilterChanges({ filter: logs })).rejects.toThrow(/filter not found/);
  });

  it('subscribes to heads, logs and pending transactions over WebSocket', async () => {
    const live = createPublicClient({ chain, transport: webSocket(node.webSocketUrl, { reconnect: false }) });
    const heads: bigint[] = [];
    const notes: (string | undefined)[] = [];
    const pending: Hash[] = [];
    const failed: Error[] = [];
    const onError = (error: Error): void => void failed.push(error);
    const stop = [
      live.watchBlocks({ onBlock: (block) => void heads.push(block.number), onError }),
      live.watchContractEvent({ address: probe, abi: PROBE_ABI, eventName: 'Stored', onLogs: (logs: readonly (Log & { args: { note?: string } })[]) => void notes.push(...logs.map(({ args }) => args.note)), onError }),
      live.watchPendingTransactions({ onTransactions: (hashes) => void pending.push(...hashes), onError }),
    ];
    await live.getBlockNumber();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const first = node.store.head().height + 1n;
    const sent = [await store(70n, 'one'), await store(71n, 'two')];
    for (const hash of sent) await reader.waitForTransactionReceipt({ hash });
    for (let i = 0; i < 100 && (heads.length < 2 || notes.length < 2 || pending.length < 2); i++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(failed).toEqual([]);
    expect(heads).toEqual([first, first + 1n]);
    expect(notes).toEqual(['one', 'two']);
    expect(pending).toEqual(sent);
    for (const unwatch of stop) unwatch();
    const client = await live.transport.getRpcClient();
    client.close();
  });

  it('tells who signed two conflicting messages, and both, so that anyone can check them', async () => {
    const { publicKey, privateKey } = generateKeyPair();
    const signed = (blockHash: Bytes | null): Evidence['a'] => {
      const signBytes = voteSignBytes(node.store.genesisHash, { kind: 'precommit', height: 7n, round: 2, blockHash });
      return { signBytes, signature: sign(privateKey, signBytes) };
    };
    const evidence = makeEvidence(publicKey, signed(null), signed(new Uint8Array(32).fill(1)));
    node.evidence = { included: [{ height: 9n, evidence }], waiting: [evidence] };
    const raw = createTestClient({ chain, mode: 'anvil', transport: http(node.url) });
    const told = await raw.request({ method: 'stele_getEvidence', params: [] } as never);
    const messages = [evidence.a, evidence.b].map(({ signBytes, signature }) => ({ signBytes: to0x(signBytes), signature: to0x(signature) }));
    const words = { validator: to0x(publicKey), height: '0x7', round: '0x2', kind: 'precommit', messages };
    expect(told).toEqual({ included: [{ blockHeight: '0x9', ...words }], waiting: [words] });
    node.evidence = { included: [], waiting: [] };
  });

  it('tells the calls of a transaction and of a block as callTracer does', async () => {
    const hash = await store(81n, 'traced');
    const receipt = await reader.waitForTransactionReceipt({ hash });
    const raw = createTestClient({ chain, mode: 'anvil', transport: http(node.url) });
    const call = (method: string, params: unknown[]): Promise<unknown> => raw.request({ method, params } as never);
    const frame = await call('debug_traceTransaction', [hash, { tracer: 'callTracer', timeout: '10s' }]);
    const { input, gas } = await reader.getTransaction({ hash });
    expect(frame).toEqual({ type: 'CALL', from: account.address.toLowerCase(), to: probe.toLowerCase(), value: '0x0', gas: `0x${gas.toString(16)}`, gasUsed: `0x${receipt.gasUsed.toString(16)}`, input, output: expect.stringMatching(/^0x[0-9a-f]{64}$/) as string });
    const logs = receipt.logs.map(({ address, topics, data, logIndex }) => ({ address, topics, data, position: '0x0', index: `0x${logIndex.toString(16)}` }));
    expect(logs.length).toBeGreaterThan(0);
    expect(await call('debug_traceTransaction', [hash, { tracer: 'callTracer', tracerConfig: { withLog: true } }])).toEqual({ ...(frame as object), logs });
    await expect(call('debug_traceTransaction', [hash, { tracer: 'callTracer', tracerConfig: { withLog: 'yes' } }])).rejects.toThrow('withLog');
    expect(await call('debug_traceBlockByNumber', [`0x${receipt.blockNumber.toString(16)}`, { tracer: 'callTracer' }])).toEqual([{ txHash: hash, result: frame }]);
    await expect(call('debug_traceTransaction', [hash, { tracer: 'prestateTracer' }])).rejects.toThrow('callTracer');
    await expect(call('debug_traceTransaction', [`0x${'1'.repeat(64)}`, { tracer: 'callTracer' }])).rejects.toThrow('transaction not found');
    await expect(call('debug_traceBlockByNumber', ['earliest'])).rejects.toThrow('genesis is not traceable');
  });

  it('hands out a receipt that verifies offline', async () => {
    const hash = await store(80n, 'proven');
    await reader.waitForTransactionReceipt({ hash });
    const raw = createTestClient({ chain, mode: 'anvil', transport: http(node.url) });
    const call = (method: string, params: unknown[]): Promise<unknown> => raw.request({ method, params } as never);
    const receipt = await call('stele_getReceipt', [hash]);
    const genesis = await call('stele_getGenesis', []);
    expect(genesis).toEqual(node.genesisFile);
    expect(verifyReceipt(genesis, receipt, { genesisHash: node.genesisFile.genesisHash })).toMatchObject({ ok: true });
    expect(await call('stele_getReceipt', [`0x${'1'.repeat(64)}`])).toBeNull();
    // And what a contract's slot held, what an account held, and that another holds nothing.
    const proof = await call('stele_getProof', [probe, [`0x${'00'.repeat(32)}`], 'latest']);
    const nobody = await call('stele_getProof', [`0x${'99'.repeat(20)}`]);
    const stored = await call('eth_getStorageAt', [probe, '0x0', 'latest']);
    expect(verifyState(genesis, proof, { genesisHash: node.genesisFile.genesisHash })).toMatchObject({ ok: true, account: { nonce: 1n }, storage: [{ value: stored }] });
    expect(verifyState(genesis, nobody)).toMatchObject({ ok: true, account: null, storage: [] });
    await expect(call('stele_getProof', [probe, [], 'earliest'])).rejects.toThrow('genesis needs no proof');
    const height = `0x${node.store.head().height.toString(16)}`;
    expect(await call('stele_getCertificate', ['latest'])).toMatchObject({ height, round: '0x0', signatures: [{ validator: '0x0' }] });
    expect(await call('stele_getConsensus', [])).toMatchObject({ phase: 'running', faultModel: 'BFT', head: { height }, validators: [{ member: 'one', power: '0x1' }], quorumPower: '0x1' });
  });
});
