/** The whole path on real containers: two engines as two data centers, viem and ethers as clients. The tests build on each other, in this order. */
import { join } from 'node:path';
import { Contract, ContractFactory, FetchRequest, isError, JsonRpcProvider, Wallet, WebSocketProvider, type EventLog, type InterfaceAbi, type WebSocketLike } from 'ethers';
import { BaseError, ContractFunctionRevertedError, createPublicClient, createWalletClient, defineChain, http, type Abi, type Chain, type Hex } from 'viem';
import { generatePrivateKey } from 'viem/accounts';
import { WebSocket } from 'ws';
import type { ChainOperationView, NodeView } from '#contracts';
import { verifyReceipt, type SteleClient } from '#sdk';
import { signWhenAsked, type Founder } from '../scripts/demo/founding.js';
import { tamper } from '../scripts/demo/tamper.js';
import { describeWithEngines, startTestEngines, type TestEngine } from '../scripts/docker/test-engines.js';
import type { Platform } from '../scripts/platform/platform.js';
import { stockContract } from './support/contract.js';
import { chainRequest, eventually, keepsLogs, makeHome, movedTo, newFounder, registerTenant, removeHome, startTestPlatform, succeeded, TEST_TIMEOUT_MS, testEnvironment, timed } from './support/e2e.js';
import { runningContainers, saveContainerLogs, viewChain } from './support/engine-view.js';
import { killAtSteps } from './support/provisioner.js';
import { callEveryRoute, callRpc, openRpcSocket } from './support/refusals.js';

const SITES = ['east', 'west'];
const EVERYWHERE = SITES.map((dataCenter) => ({ dataCenter, count: 2 }));

jest.setTimeout(TEST_TIMEOUT_MS);

describeWithEngines(describe)('first light on two engines', () => {
  const home = makeHome();
  let engines: TestEngine[] = [];
  let platform: Platform;
  let client: SteleClient;
  let founder: Founder;
  let chainId: string;
  let operationId: string;
  let evmChainId: number;
  let genesisFile: Record<string, unknown>;
  /** Of viem's deployment. */
  let address: Hex;
  /** Of a transaction that viem sent. */
  let movedHash: Hex;

  const environment = (): NodeJS.ProcessEnv => testEnvironment({ STELE_RUNTIME: 'docker', DOCKER_HOST: `unix://${String(engines[0]?.socketPath)}` });
  const nodes = async (of = chainId): Promise<NodeView[]> => (await client.nodes(of)).data;
  const evmChain = (): Chain => defineChain({ id: evmChainId, name: 'e2e', nativeCurrency: { name: 'none', symbol: 'NONE', decimals: 18 }, rpcUrls: { default: { http: [client.rpcUrl(chainId)] } } });
  const transport = (): ReturnType<typeof http> => http(client.rpcUrl(chainId), { fetchOptions: { headers: client.authorization() } });
  const reader = () => createPublicClient({ chain: evmChain(), transport: transport(), pollingInterval: 50 });
  const writer = () => createWalletClient({ chain: evmChain(), transport: transport(), account: founder.operations });
  /** Puts one more into the store with viem, and waits until it is committed. */
  const putOne = async (): Promise<{ hash: Hex; height: number }> => {
    const hash = await writer().writeContract({ address, abi: stockContract().abi as Abi, functionName: 'put', args: [1n] });
    const receipt = await reader().waitForTransactionReceipt({ hash, timeout: 60_000 });
    expect(receipt.status).toBe('success');
    return { hash, height: Number(receipt.blockNumber) };
  };

  beforeAll(async () => {
    engines = await timed('two engines', () => startTestEngines(2));
    const dataCenters = engines.map((engine, i) => ({
      name: SITES[i], runtime: 'docker', connection: { socketPath: engine.socketPath }, advertiseAddress: engine.advertise, subnetPool: engine.subnetPool, portFrom: 21_000 + 1000 * i, portTo: 21_999 + 1000 * i,
    }));
    platform = await startTestPlatform({ home, env: environment(), dataCenters });
    founder = newFounder('Aster Freight');
    client = await registerTenant(platform.url, founder.name);
  });

  afterAll(async () => {
    if (keepsLogs()) await Promise.all(engines.map((engine) => saveContainerLogs(engine, join(home, 'logs'))));
    // Where the start failed there is no platform to stop; the engines end all the same.
    await platform?.stop({ removeData: true }).catch((error: unknown) => process.stderr.write(`the platform did not stop: ${String(error)}\n`));
    await Promise.all(engines.map((engine) => engine.stop()));
    removeHome(home);
  });

  test('an idempotency key sent twenty times in parallel gives one chain', async () => {
    const create = (): Promise<ChainOperationView> => client.createChain(chainRequest(founder, EVERYWHERE), 'twenty-times');
    const answers = await Promise.allSettled(Array.from({ length: 20 }, create));
    const refusals = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
    // One that comes while the first is at work may be told so, and nothing else.
    for (const refusal of refusals) expect(refusal).toMatchObject({ status: 409, code: 'idempotency_in_flight' });
    const made = [...answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])), await create()];
    expect(new Set(made.map((one) => `${one.chain.id} ${one.operation.id}`)).size).toBe(1);
    expect((await client.chains()).data.map((chain) => chain.id)).toEqual([made[0]?.chain.id]);
    await expect(client.createChain({ ...chainRequest(founder, EVERYWHERE), name: 'Another' }, 'twenty-times')).rejects.toMatchObject({ code: 'idempotency_mismatch' });
    ({ id: chainId, evmChainId } = made[0]?.chain as ChainOperationView['chain']);
    operationId = String(made[0]?.operation.id);
  });

  test('four validators on two engines commit once their founder has signed', async () => {
    await timed('provision', async () => void (await Promise.all([succeeded(client, operationId), signWhenAsked(client, chainId, founder)])));
    genesisFile = await client.genesis(chainId);
    expect(await client.chain(chainId)).toMatchObject({ status: 'running', genesisHash: genesisFile['genesisHash'] });
    for (const engine of engines) expect(await viewChain(engine, chainId)).toMatchObject({ nodes: { length: 2 }, relays: { length: 1 }, chainNetworks: { length: 1 }, volumes: { length: 2 } });
    expect((await nodes()).map((node) => node.status)).toEqual(['running', 'running', 'running', 'running']);
  });

  test('viem: deploys, calls, sends, waits, reads logs, decodes reverts', async () => {
    const abi = stockContract().abi as Abi;
    const deployment = await reader().waitForTransactionReceipt({ hash: await writer().deployContract({ abi, bytecode: stockContract().bytecode, args: [5n] }) });
    expect(deployment.status).toBe('success');
    address = deployment.contractAddress as Hex;
    expect(await reader().readContract({ address, abi, functionName: 'left' })).toBe(5n);
    movedHash = (await putOne()).hash;
    const [event] = await reader().getContractEvents({ address, abi, eventName: 'Moved', fromBlock: 0n });
    expect(event).toMatchObject({ transactionHash: movedHash, args: { by: founder.operations.address, change: 1n, left: 6n } });
    const revertOf = async (functionName: string, count: bigint): Promise<unknown> => {
      const error: unknown = await reader().simulateContract({ address, abi, functionName, args: [count], account: founder.operations }).catch((thrown: unknown) => thrown);
      return error instanceof BaseError ? error.walk((one) => one instanceof ContractFunctionRevertedError) : error;
    };
    expect(await revertOf('put', 0n)).toMatchObject({ reason: 'nothing to put' });
    expect(await revertOf('take', 7n)).toMatchObject({ data: { errorName: 'TooFew', args: [7n, 6n] } });
  });

  test('ethers: deploys, calls, sends, waits, reads logs, decodes reverts, and hears events over WebSocket', async () => {
    const request = new FetchRequest(client.rpcUrl(chainId));
    for (const [name, value] of Object.entries(client.authorization())) request.setHeader(name, value);
    const provider = new JsonRpcProvider(request, evmChainId, { staticNetwork: true, pollingInterval: 50, cacheTimeout: -1 });
    // The package's own type of what it takes has handlers without arguments, which no client's socket has.
    const open = (): WebSocketLike => new WebSocket(client.rpcUrl(chainId).replace(/^http/, 'ws'), { headers: client.authorization() }) as unknown as WebSocketLike;
    const listener = new WebSocketProvider(open, evmChainId, { staticNetwork: true });
    try {
      const { abi, bytecode } = stockContract();
      const wallet = new Wallet(generatePrivateKey(), provider);
      const deployed = await new ContractFactory(abi as InterfaceAbi, bytecode, wallet).deploy(10n);
      await deployed.waitForDeployment();
      const stock = new Contract(await deployed.getAddress(), abi as InterfaceAbi, wallet);
      const heard: unknown[] = [];
      await new Contract(stock.target, abi as InterfaceAbi, listener).on('Moved', (by: string, change: bigint, left: bigint) => heard.push([by, change, left]));
      const receipt = await (await stock.getFunction('take')(4n)).wait();
      expect(receipt.status).toBe(1);
      expect(await stock.getFunction('left')()).toBe(6n);
      const [event] = await stock.queryFilter('Moved', 0);
      expect((event as EventLog).args.toObject()).toEqual({ by: wallet.address, change: -4n, left: 6n });
      await eventually('the event over WebSocket', () => heard[0]);
      expect(heard).toEqual([[wallet.address, -4n, 6n]]);
      const revertOf = async (name: string, count: bigint): Promise<unknown> => {
        const error: unknown = await stock.getFunction(name).staticCall(count).catch((thrown: unknown) => thrown);
        return isError(error, 'CALL_EXCEPTION') ? { reason: error.reason, args: [...(error.revert?.args ?? [])] } : error;
      };
      expect(await revertOf('put', 0n)).toMatchObject({ reason: 'nothing to put' });
      expect(await revertOf('take', 7n)).toMatchObject({ args: [7n, 6n] });
    } finally {
      provider.destroy();
      await listener.destroy();
    }
  });

  test('a receipt verifies offline; a tampered one, and one against another genesis, are refused', async () => {
    const receipt = (await (reader().request as (call: { method: string; params: unknown[] }) => Promise<unknown>)({ method: 'stele_getReceipt', params: [movedHash] })) as Record<string, unknown>;
    const genesisHash = String(genesisFile['genesisHash']);
    expect(verifyReceipt(genesisFile, receipt, { genesisHash })).toMatchObject({ ok: true, genesisAuthenticated: true });
    expect(verifyReceipt(genesisFile, tamper(receipt), { genesisHash })).toMatchObject({ ok: false });
    expect(verifyReceipt(genesisFile, receipt, { genesisHash: `0x${'0'.repeat(64)}` })).toMatchObject({ ok: false });
  });

  test('a tenant that is no member gets 404 on everything of the chain', async () => {
    const stranger = await registerTenant(platform.url, 'Strangers');
    expect(await stranger.chains()).toMatchObject({ data: [] });
    const refusals = [
      ...(await callEveryRoute(stranger, platform.url, { '/v1/chains': chainId, '/v1/operations': operationId })),
      await callRpc(stranger, chainId),
      await openRpcSocket(stranger, chainId),
    ];
    // Five below a chain, two below an operation, two ways to call it: a route that is added later is called as well.
    expect(refusals.length).toBeGreaterThanOrEqual(9);
    expect(refusals.map(({ route, status, code }) => `${route}: ${status} ${code}`)).toEqual(refusals.map(({ route }) => `${route}: 404 not_found`));
    expect(await openRpcSocket(client, chainId)).toMatchObject({ status: 101 });
    expect(await client.chain(chainId)).toMatchObject({ status: 'running' });
  });

  test('one validator killed: the chain goes on, and it comes back and catches up', async () => {
    const victim = (await nodes()).at(-1) as NodeView;
    await platform.killNode(victim.id);
    let head = 0;
    for (let i = 0; i < 5; i++) head = (await putOne()).height;
    await timed('catching up', () =>
      eventually('the killed validator at the height of the others', async () => {
        const back = (await nodes()).find((node) => node.id === victim.id);
        return back?.status === 'running' && (back.height ?? 0) >= head ? true : undefined;
      }),
    );
  });

  test('a provisioner killed while it starts the nodes: the provision completes, and a deletion leaves the volumes alone', async () => {
    const { chain, operation } = await client.createChain(chainRequest(founder, EVERYWHERE));
    const killedAt = killAtSteps(platform, client, operation.id, ['start the nodes']);
    await timed('provision with a kill', async () => void (await Promise.all([signWhenAsked(client, chain.id, founder), succeeded(client, operation.id)])));
    expect(await killedAt).toEqual(['start the nodes']);
    for (const engine of engines) expect(await viewChain(engine, chain.id)).toMatchObject({ nodes: { length: 2 }, relays: { length: 1 }, chainNetworks: { length: 1 }, volumes: { length: 2 } });
    const deletion = await client.deleteChain(chain.id);
    await timed('deletion', () => succeeded(client, deletion.operation.id));
    for (const engine of engines) expect(await viewChain(engine, chain.id)).toMatchObject({ nodes: [], relays: [], chainNetworks: [], volumes: { length: 2 } });
    await expect(callRpc(client, chain.id)).resolves.toMatchObject({ status: 404 });
  });

  test('stopped and started again: the same chain, at its height and above', async () => {
    const before = await reader().getBlockNumber({ cacheTime: 0 });
    await timed('platform stop', () => platform.stop());
    for (const engine of engines) expect(await runningContainers(engine)).toBe(0);
    platform = await startTestPlatform({ home, env: environment() });
    expect(platform.firstAdmin).toBeUndefined();
    client = movedTo(platform.url, client);
    const { height } = await timed('first transaction after the start', () => eventually('a committed transaction', () => putOne()));
    expect(height).toBeGreaterThan(Number(before));
    expect(await client.genesis(chainId)).toEqual(genesisFile);
    expect(await client.chain(chainId)).toMatchObject({ status: 'running' });
    // What was put before the stop and after it, on top of the five of the deployment.
    expect(await reader().readContract({ address, abi: stockContract().abi as Abi, functionName: 'left' })).toBe(12n);
  });

  test('deleted: no container, no network, volumes set aside, and 404 on its JSON-RPC', async () => {
    const { operation } = await client.deleteChain(chainId);
    await timed('deletion', () => succeeded(client, operation.id));
    for (const engine of engines) {
      expect(await viewChain(engine, chainId)).toMatchObject({ nodes: [], relays: [], chainNetworks: [], volumes: { length: 2 } });
      expect(await runningContainers(engine)).toBe(0);
    }
    await eventually('the gateway has forgotten it', async () => ((await callRpc(client, chainId)).status === 404 ? true : undefined));
  });
});
