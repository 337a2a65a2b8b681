/** Real nodes on child processes: every validator is killed in turn under load, and whoever listens through the gateway misses nothing and hears nothing twice. */
import { createPublicClient, createWalletClient, defineChain, http, webSocket, type Abi, type Hex } from 'viem';
import { WebSocket } from 'ws';
import type { NodeView } from '#contracts';
import type { SteleClient } from '#sdk';
import { signWhenAsked, type Founder } from '../scripts/demo/founding.js';
import type { Platform } from '../scripts/platform/platform.js';
import { stockContract } from './support/contract.js';
import { chainRequest, eventually, makeHome, newFounder, registerTenant, removeHome, startTestPlatform, succeeded, TEST_TIMEOUT_MS, testEnvironment, timed } from './support/e2e.js';

jest.setTimeout(2 * TEST_TIMEOUT_MS);

interface Head {
  number: Hex;
  hash: Hex;
  parentHash: Hex;
}

interface Log {
  transactionHash: Hex;
  blockNumber: Hex;
  logIndex: Hex;
}

/** One socket with three subscriptions; what it hears, by subscription. */
class Listener {
  readonly heard = new Map<string, unknown[]>();
  readonly ids: string[] = [];
  closed: number | null = null;

  private constructor(private readonly socket: WebSocket) {
    socket.on('close', (code) => (this.closed = code));
    socket.on('message', (data) => {
      const { id, result, params } = JSON.parse(String(data)) as { id?: number; result?: string; params?: { subscription: string; result: unknown } };
      if (id !== undefined) this.ids[id] = String(result);
      if (params === undefined) return;
      const list = this.heard.get(params.subscription);
      if (list === undefined) this.heard.set(params.subscription, [params.result]);
      else list.push(params.result);
    });
  }

  static async open(client: SteleClient, chainId: string, address: Hex): Promise<Listener> {
    const socket = new WebSocket(client.rpcUrl(chainId).replace(/^http/, 'ws'), { headers: client.authorization() });
    const listener = new Listener(socket);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const topics = [['newHeads'], ['logs', { address }], ['newPendingTransactions']];
    for (const [id, params] of topics.entries()) socket.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'eth_subscribe', params }));
    await eventually('three subscriptions', () => (listener.ids.filter((id) => id !== undefined).length === 3 ? true : undefined));
    return listener;
  }

  of<T>(index: number): T[] {
    return (this.heard.get(this.ids[index] as string) ?? []) as T[];
  }

  close(): void {
    this.socket.close();
  }
}

describe('subscriptions and filters through the gateway', () => {
  const home = makeHome();
  let platform: Platform;
  let client: SteleClient;
  let founder: Founder;
  let chainId: string;
  let evmChainId: number;

  const call = async <T>(method: string, params: unknown[]): Promise<T> => {
    const response = await fetch(client.rpcUrl(chainId), { method: 'POST', headers: { 'content-type': 'application/json', ...client.authorization() }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) });
    const { result, error } = (await response.json()) as { result: T; error?: unknown };
    if (error !== undefined) throw new Error(JSON.stringify(error));
    return result;
  };

  beforeAll(async () => {
    platform = await startTestPlatform({ home, env: testEnvironment({ STELE_RUNTIME: 'process' }) });
    founder = newFounder('Aster Freight');
    client = await registerTenant(platform.url, founder.name);
    const made = await client.createChain(chainRequest(founder, [{ dataCenter: platform.dataCenter, count: 4 }]));
    await timed('provision', async () => void (await Promise.all([succeeded(client, made.operation.id), signWhenAsked(client, made.chain.id, founder)])));
    ({ id: chainId, evmChainId } = made.chain);
  });

  afterAll(async () => {
    await platform?.stop({ removeData: true }).catch((error: unknown) => process.stderr.write(`the platform did not stop: ${String(error)}\n`));
    removeHome(home);
  });

  test('survive the death of each node in turn: every head and every log exactly once, in order', async () => {
    const chain = defineChain({ id: evmChainId, name: 'e2e', nativeCurrency: { name: 'none', symbol: 'NONE', decimals: 18 }, rpcUrls: { default: { http: [client.rpcUrl(chainId)] } } });
    const transport = http(client.rpcUrl(chainId), { fetchOptions: { headers: client.authorization() }, timeout: 60_000 });
    const reader = createPublicClient({ chain, transport, pollingInterval: 50 });
    const writer = createWalletClient({ chain, transport, account: founder.operations });
    const { abi, bytecode } = stockContract();
    const deployment = await reader.waitForTransactionReceipt({ hash: await writer.deployContract({ abi: abi as Abi, bytecode, args: [5n] }) });
    const address = deployment.contractAddress as Hex;
    const listener = await Listener.open(client, chainId, address);
    const filter = await call<string>('eth_newFilter', [{ address }]);
    const polled: Log[] = [];
    const hashes: Hex[] = [];
    let going = true;
    const load = (async () => {
      while (going) {
        const hash = await writer.writeContract({ address, abi: abi as Abi, functionName: 'put', args: [1n] });
        await reader.waitForTransactionReceipt({ hash, timeout: 60_000 });
        hashes.push(hash);
        polled.push(...(await call<Log[]>('eth_getFilterChanges', [filter])));
      }
    })();
    const nodes = (await client.nodes(chainId)).data;
    for (const victim of nodes) {
      const before = hashes.length;
      await platform.killNode(victim.id);
      await eventually('the load goes on', () => (hashes.length >= before + 3 ? true : undefined));
      const head = Number(await call<Hex>('eth_blockNumber', []));
      await timed('catching up', () => eventually('the killed node caught up', async () => {
        const back = (await client.nodes(chainId)).data.find((node: NodeView) => node.id === victim.id);
        return back?.status === 'running' && (back.height ?? 0) >= head ? true : undefined;
      }));
    }
    going = false;
    await load;
    const last = Number(await call<Hex>('eth_blockNumber', []));
    await eventually('the last head', () => (Number(listener.of<Head>(0).at(-1)?.number ?? 0) >= last ? true : undefined));

    expect(listener.closed).toBeNull();
    const heads = listener.of<Head>(0);
    const numbers = heads.map(({ number }) => Number(number));
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] as number) + index));
    for (const [index, head] of heads.entries()) if (index > 0) expect(head.parentHash).toBe(heads[index - 1]?.hash);
    expect(listener.of<Log>(1).map((log) => log.transactionHash)).toEqual(hashes);
    expect(polled.map((log) => log.transactionHash)).toEqual(hashes);
    const pending = listener.of<Hex>(2);
    expect(new Set(pending).size).toBe(pending.length);
    // What entered a pool while no node was listened to is not told; everything else is.
    expect(pending.filter((hash) => hashes.includes(hash)).length).toBeGreaterThan(hashes.length / 2);
    listener.close();
  });

  test('viem watches over WebSocket, and filters tell what enters the pool and the chain', async () => {
    const apiKey = String(client.authorization()['authorization']).replace(/^Bearer /, '');
    const url = `${client.rpcUrl(chainId).replace(/^http/, 'ws')}/${apiKey}`;
    const chain = defineChain({ id: evmChainId, name: 'e2e', nativeCurrency: { name: 'none', symbol: 'NONE', decimals: 18 }, rpcUrls: { default: { http: [url] } } });
    const transport = webSocket(url, { reconnect: false, keepAlive: false });
    const reader = createPublicClient({ chain, transport });
    const writer = createWalletClient({ chain, transport, account: founder.operations });
    const socket = await reader.transport.getRpcClient();
    const seen: bigint[] = [];
    const unwatch = reader.watchBlockNumber({ onBlockNumber: (number) => void seen.push(number) });
    const [pending, blocks] = [await call<string>('eth_newPendingTransactionFilter', []), await call<string>('eth_newBlockFilter', [])];
    const { abi, bytecode } = stockContract();
    const hash = await writer.deployContract({ abi: abi as Abi, bytecode, args: [5n] });
    const { blockNumber, blockHash } = await eventually('the receipt', () => reader.getTransactionReceipt({ hash }));
    await eventually('viem hears of the block', () => (seen.includes(blockNumber) ? true : undefined));
    expect(await call<Hex[]>('eth_getFilterChanges', [pending])).toContain(hash);
    expect(await call<Hex[]>('eth_getFilterChanges', [pending])).toEqual([]);
    expect(await call<Hex[]>('eth_getFilterChanges', [blocks])).toContain(blockHash);
    unwatch();
    // Its request to unsubscribe has a timer that only the answer ends; one more answer, and that has come as well.
    await reader.getChainId();
    // Both clients share it.
    socket.close();
  });
});
