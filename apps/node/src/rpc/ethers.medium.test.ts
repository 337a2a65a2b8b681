import { Contract, ContractFactory, isError, JsonRpcProvider, Wallet, WebSocketProvider, type EventLog } from 'ethers';
import { ChainOfOne, EVM_CHAIN_ID, RICH_KEY } from './testing/chain-of-one.js';
import { PROBE_ABI, probeBytecode } from './testing/probe.js';

describe('ethers against a chain of one validator', () => {
  let node: ChainOfOne;
  let provider: JsonRpcProvider;
  let wallet: Wallet;
  let probe: Contract;

  beforeAll(async () => {
    node = await ChainOfOne.start();
    provider = new JsonRpcProvider(node.url, EVM_CHAIN_ID, { staticNetwork: true, pollingInterval: 20, cacheTimeout: -1 });
    wallet = new Wallet(RICH_KEY, provider);
    const factory = new ContractFactory(PROBE_ABI, probeBytecode(), wallet);
    const deployed = await factory.deploy(7n);
    await deployed.waitForDeployment();
    probe = new Contract(await deployed.getAddress(), PROBE_ABI, wallet);
  });

  afterAll(async () => {
    provider.destroy();
    await node.stop();
  });

  it('writes, waits and reads logs', async () => {
    const sent = await probe.getFunction('store')(42n, 'first');
    const receipt = await sent.wait();
    expect(receipt.status).toBe(1);
    expect(await probe.getFunction('value')()).toBe(42n);
    const [event] = await probe.queryFilter('Stored', 0);
    expect((event as EventLog).args.toObject()).toEqual({ who: wallet.address, value: 42n, note: 'first' });
    const block = await provider.getBlock('latest', true);
    expect(block?.prefetchedTransactions[0]?.from).toBe(wallet.address);
    expect((await provider.getFeeData()).gasPrice).toBe(0n);
  });

  it('decodes a reason, a custom error and a panic', async () => {
    const revertOf = async (run: Promise<unknown>): Promise<{ reason: string | null; name: string | undefined; args: unknown[] | undefined }> => {
      const error: unknown = await run.then(() => null, (reason: unknown) => reason);
      if (!isError(error, 'CALL_EXCEPTION')) throw new Error('no revert was decoded', { cause: error });
      return { reason: error.reason, name: error.revert?.name, args: error.revert?.args === undefined ? undefined : [...error.revert.args] };
    };
    expect(await revertOf(probe.getFunction('refuse')())).toMatchObject({ reason: 'not today' });
    expect(await revertOf(probe.getFunction('atLeast')(3n))).toMatchObject({ name: 'TooSmall', args: [3n, 10n] });
    expect(await revertOf(probe.getFunction('divide')(0n))).toMatchObject({ name: 'Panic', args: [0x12] });
    // Of a failed estimate, which comes before a send, ethers hands over the data and leaves the decoding to the caller.
    const refused: unknown = await probe.getFunction('storeOrRefuse')(3n).catch((error: unknown) => error);
    if (!isError(refused, 'CALL_EXCEPTION')) throw new Error('no revert', { cause: refused });
    expect(probe.interface.parseError(refused.data ?? '0x')?.name).toBe('TooSmall');
  });

  it('batches, and sends many transactions in one batch in their order', async () => {
    const calls = await Promise.all([provider.getBlockNumber(), provider.getBalance(wallet.address), provider.getCode(await probe.getAddress()), probe.getFunction('value')()]);
    expect(calls[0]).toBe(Number(node.store.head().height));
    const nonce = await provider.getTransactionCount(wallet.address);
    const raws = await Promise.all(
      Array.from({ length: 30 }, (_, i) => wallet.signTransaction({ to: wallet.address, value: 1n, nonce: nonce + i, gasLimit: 21_000n, gasPrice: i % 3 < 2 ? 0n : undefined, maxFeePerGas: i % 3 === 2 ? 1n : undefined, maxPriorityFeePerGas: i % 3 === 2 ? 0n : undefined, chainId: EVM_CHAIN_ID, type: i % 3 })),
    );
    const sent = await Promise.all(raws.map((raw) => provider.broadcastTransaction(raw)));
    const receipts = await Promise.all(sent.map((transaction) => transaction.wait()));
    expect(receipts.map((receipt) => receipt?.status)).toEqual(raws.map(() => 1));
    expect(await provider.getTransactionCount(wallet.address)).toBe(nonce + 30);
  });

  it('names what is wrong with a transaction, so that ethers knows it', async () => {
    const stale = await wallet.signTransaction({ to: wallet.address, nonce: 0, gasLimit: 21_000n, gasPrice: 0n, chainId: EVM_CHAIN_ID });
    await expect(provider.broadcastTransaction(stale)).rejects.toMatchObject({ code: 'NONCE_EXPIRED' });
    const elsewhere = await wallet.signTransaction({ to: wallet.address, nonce: 99, gasLimit: 21_000n, gasPrice: 0n, chainId: 1 });
    await expect(provider.send('eth_sendRawTransaction', [elsewhere])).rejects.toMatchObject({ error: { code: -32000, message: expect.stringMatching(/invalid chain id/) } });
  });

  it('follows blocks and events over WebSocket', async () => {
    const live = new WebSocketProvider(node.webSocketUrl, EVM_CHAIN_ID, { staticNetwork: true });
    const notes: string[] = [];
    const heads: number[] = [];
    await live.on('block', (height: number) => void heads.push(height));
    await new Contract(await probe.getAddress(), PROBE_ABI, live).on('Stored', (_who, _value, note: string) => void notes.push(note));
    await live.getBlockNumber();
    await (await probe.getFunction('store')(43n, 'heard')).wait();
    for (let i = 0; i < 100 && (notes.length === 0 || heads.length === 0); i++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect({ notes, heads }).toEqual({ notes: ['heard'], heads: [Number(node.store.head().height)] });
    await live.destroy();
  });
});
