import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPublicClient, createWalletClient, defineChain, http, keccak256, parseEther, parseEventLogs, stringToHex, type Abi, type Chain, type Hex, type PublicClient } from 'viem';
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';
import { fromHex, genesisFromJson, genesisToJson, toHex, type Receipt } from '#ledger';
import { connectPinned, ControlClient, makeIdentity, NodeControlError, verifyReceipt } from '#sdk';
import { compileContract, DELIVERIES_SOURCE } from '../demo/contract.js';
import { ChildNode } from './child-node.js';
import { DEV_PRIVATE_KEY, Devnet } from './devnet.js';

// Real processes of the real bundle, made from the source as it is now.
const folder = mkdtempSync(join(tmpdir(), 'stele-devnet-test-'));
const bundle = join(folder, 'bundle', 'stele-node.cjs');
const PARAMS = { proposeTimeoutMs: 1500, prevoteTimeoutMs: 500, precommitTimeoutMs: 500, timeoutDeltaMs: 200, trailingBlocks: 1, trailingIntervalMs: 200 };
const DEAD = '0x000000000000000000000000000000000000dEaD';

jest.setTimeout(60_000);
beforeAll(() => void execFileSync(process.execPath, [join(__dirname, '..', 'bundle-node.mjs'), join(folder, 'bundle')]));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let nextChain = 0;
const start = (options: { folder?: string } = {}): Promise<Devnet> =>
  Devnet.start({ bundle, folder: options.folder ?? join(folder, `chain-${nextChain++}`), validators: 4, port: 0, params: PARAMS });

interface Clients {
  account: PrivateKeyAccount;
  chainId: number;
  public: PublicClient;
  /** Sends raw transfers of the account with the given nonces, 16 at once; answers their hashes. */
  send(nonces: readonly number[]): Promise<Hex[]>;
}

const chainOf = (id: number, url: string): Chain => defineChain({ id, name: 'devnet', nativeCurrency: { name: 'none', symbol: 'NONE', decimals: 18 }, rpcUrls: { default: { http: [url] } } });

function clients(devnet: Devnet, index: number, account = privateKeyToAccount(DEV_PRIVATE_KEY)): Clients {
  const chainId = Number(devnet.genesisFile.genesis['evmChainId']);
  const url = devnet.node(index).rpcUrl;
  const chain = chainOf(chainId, url);
  const transport = http(url, { retryCount: 0 });
  const reader = createPublicClient({ chain, transport, pollingInterval: 20 }) as PublicClient;
  const send = async (nonces: readonly number[]): Promise<Hex[]> => {
    const raw = await Promise.all(nonces.map((nonce) => account.signTransaction({ type: 'eip1559', chainId, nonce, gas: 21_000n, to: DEAD, value: 0n, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n })));
    const hashes: Hex[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let i = next++; i < raw.length; i = next++) hashes[i] = await reader.sendRawTransaction({ serializedTransaction: raw[i] as Hex });
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    return hashes;
  };
  return { account, chainId, public: reader, send };
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

async function sameHead(devnet: Devnet): Promise<void> {
  const heads = await Promise.all(devnet.nodes.map((_, i) => clients(devnet, i).public.getBlockNumber({ cacheTime: 0 })));
  const common = heads.reduce((least, one) => (one < least ? one : least));
  const hashes = await Promise.all(devnet.nodes.map((_, i) => clients(devnet, i).public.getBlock({ blockNumber: common }).then((block) => block.hash)));
  expect(new Set(hashes).size).toBe(1);
}

describe('four validators', () => {
  let devnet: Devnet;
  let nonce = 0;
  beforeAll(async () => {
    devnet = await start();
  });
  afterAll(() => devnet.stop());

  it('decide an empty first block at once', async () => {
    await devnet.reached(1, 5000);
    const block = await clients(devnet, 0).public.getBlock({ blockNumber: 1n });
    expect(block.transactions).toEqual([]);
  });

  it('commit a transfer sent to one, readable at another', async () => {
    const { account, public: reader, chainId } = clients(devnet, 0);
    const wallet = createWalletClient({ account, transport: http(devnet.node(0).rpcUrl), chain: chainOf(chainId, devnet.node(0).rpcUrl) });
    const hash = await wallet.sendTransaction({ to: DEAD, value: parseEther('1') });
    const receipt = await reader.waitForTransactionReceipt({ hash, timeout: 10_000 });
    expect(receipt.status).toBe('success');
    await devnet.reached(Number(receipt.blockNumber));
    expect(await clients(devnet, 3).public.getBalance({ address: DEAD })).toBe(parseEther('1'));
    nonce += 1;
  });

  it('run a Solidity contract for viem: deploy, call, logs, the revert by its name; its receipt verifies offline', async () => {
    const { abi, bytecode } = compileContract('Deliveries', DELIVERIES_SOURCE);
    const { account, public: reader, chainId } = clients(devnet, 2);
    const wallet = createWalletClient({ account, transport: http(devnet.node(2).rpcUrl), chain: chainOf(chainId, devnet.node(2).rpcUrl) });
    const receiptOf = async (hash: Hex) => reader.waitForTransactionReceipt({ hash, timeout: 10_000 });
    const { contractAddress } = await receiptOf(await wallet.deployContract({ abi: abi as Abi, bytecode }));
    const call = { address: contractAddress as Hex, abi: abi as Abi, functionName: 'confirm', args: [keccak256(stringToHex('delivery')), 5n] } as const;
    const confirmed = await receiptOf(await wallet.writeContract(call));
    nonce += 2;
    expect(parseEventLogs({ abi: abi as Abi, logs: confirmed.logs })).toMatchObject([{ eventName: 'Confirmed', args: { quantity: 5n, total: 5n } }]);
    await expect(reader.simulateContract({ ...call, account })).rejects.toThrow('AlreadyConfirmed');
    const request = reader.request as (ask: { method: string; params: unknown[] }) => Promise<unknown>;
    const receipt = await request({ method: 'stele_getReceipt', params: [confirmed.transactionHash] });
    expect(verifyReceipt(devnet.genesisFile, receipt as Receipt, { genesisHash: devnet.genesisFile.genesisHash })).toMatchObject({ ok: true, genesisAuthenticated: true });
  });

  it('commit 200 transactions of one account, sixteen at once', async () => {
    const { send, public: reader } = clients(devnet, 1);
    const hashes = await send(range(nonce, 200));
    nonce += 200;
    for (const hash of hashes) expect((await reader.waitForTransactionReceipt({ hash, timeout: 15_000 })).status).toBe('success');
    await sameHead(devnet);
  });

  it('go on without one that is killed, which catches up when it comes back', async () => {
    await devnet.node(3).kill();
    const { send, public: reader } = clients(devnet, 0);
    const first = await send(range(nonce, 20));
    nonce += 20;
    const { blockNumber } = await reader.waitForTransactionReceipt({ hash: first.at(-1) as Hex, timeout: 15_000 });
    await devnet.restart(3);
    await devnet.reached(Number(blockNumber));
    expect((await clients(devnet, 3).public.getTransactionReceipt({ hash: first.at(-1) as Hex })).blockNumber).toBe(blockNumber);
    const [hash] = await clients(devnet, 3).send([nonce]);
    nonce += 1;
    await clients(devnet, 3).public.waitForTransactionReceipt({ hash: hash as Hex, timeout: 15_000 });
    await sameHead(devnet);
  });

  it('survive that all are killed at once under load, and contradict nothing', async () => {
    const { send } = clients(devnet, 2);
    const sending = send(range(nonce, 60)).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 60));
    const before = await clients(devnet, 0).public.getBlock();
    await Promise.all(devnet.nodes.map((node) => node.kill()));
    await sending;
    await Promise.all(devnet.nodes.map((_, i) => devnet.restart(i)));
    await devnet.reached(Number(before.number), 30_000);
    expect((await clients(devnet, 0).public.getBlock({ blockNumber: before.number })).hash).toBe(before.hash);
    const fresh = clients(devnet, 1, privateKeyToAccount(generatePrivateKey()));
    const [hash] = await fresh.send([0]);
    expect((await fresh.public.waitForTransactionReceipt({ hash: hash as Hex, timeout: 15_000 })).status).toBe('success');
    await sameHead(devnet);
  });

  it('refuse another genesis, take the same again, and enrol no more', async () => {
    const { genesis } = genesisFromJson(devnet.genesisFile);
    const other = genesisToJson({ ...genesis, timeMs: genesis.timeMs + 1n });
    await expect(devnet.control(0).putGenesis(other, {})).rejects.toMatchObject({ status: 409, code: 'otherGenesis' });
    const endpoints = Object.fromEntries(devnet.nodes.map((node) => [toHex(fromHex(node.ready.publicKey)), [`127.0.0.1:${node.ready.ports.peer}`]]));
    expect(await devnet.control(0).putGenesis(devnet.genesisFile, endpoints)).toMatchObject({ phase: 'running', genesisHash: devnet.genesisFile.genesisHash });
    const enrolment = new ControlClient(devnet.identity, { endpoints: [`127.0.0.1:${devnet.node(0).ready.ports.control}`], publicKey: null });
    await expect(enrolment.enrol('c2VjcmV0')).rejects.toBeInstanceOf(NodeControlError);
  });

  it.each(['peer', 'control', 'rpc'] as const)('close the %s listener to a stranger before a byte is read', async (listener) => {
    const stranger = await makeIdentity(new Uint8Array(randomBytes(32)));
    const { ready } = devnet.node(0);
    const answered = await new Promise<number>((resolve, reject) => {
      connectPinned(`127.0.0.1:${ready.ports[listener]}`, stranger, fromHex(ready.publicKey), 5000).then((socket) => {
        let bytes = 0;
        socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
        socket.on('close', () => resolve(bytes));
        socket.write('GET /v1/status HTTP/1.1\r\nhost: node\r\n\r\n');
      }, () => resolve(0)).catch(reject);
    });
    expect(answered).toBe(0);
  });

  it('stop cleanly on SIGTERM, and go on from their folders', async () => {
    const heights = await Promise.all(devnet.nodes.map((_, i) => devnet.control(i).status()));
    expect(await devnet.stop()).toEqual([0, 0, 0, 0]);
    devnet = await start({ folder: join(folder, 'chain-0') });
    const [hash] = await clients(devnet, 0, privateKeyToAccount(generatePrivateKey())).send([0]);
    const { blockNumber } = await clients(devnet, 0).public.waitForTransactionReceipt({ hash: hash as Hex, timeout: 15_000 });
    expect(Number(blockNumber)).toBeGreaterThan(Math.max(...heights.map(({ height }) => height)));
  });
});

describe('enrolment', () => {
  let node: ChildNode;
  const secret = randomBytes(32).toString('base64url');
  const seed = new Uint8Array(randomBytes(32));
  beforeAll(async () => {
    const controlKeys = `${toHex((await makeIdentity(seed)).publicKey)},${toHex((await makeIdentity(new Uint8Array(32).fill(9))).publicKey)}`;
    node = await ChildNode.start({ bundle, dataFolder: join(folder, 'enrol'), controlKey: controlKeys, enrolSecret: secret, devPort: 0 });
  });
  afterAll(() => node.stop());
  const client = async (from: Uint8Array): Promise<ControlClient> => new ControlClient(await makeIdentity(from), { endpoints: [`127.0.0.1:${node.ready.ports.control}`], publicKey: null });

  it('refuses a wrong secret, then takes the right one, again and again from the same client, and from no other', async () => {
    await expect((await client(seed)).enrol(randomBytes(32).toString('base64url'))).rejects.toMatchObject({ status: 403, code: 'wrongProof' });
    expect(toHex(await (await client(seed)).enrol(secret))).toBe(toHex(fromHex(node.ready.publicKey)));
    await expect((await client(seed)).enrol(secret)).resolves.toBeInstanceOf(Uint8Array);
    await expect((await client(new Uint8Array(32).fill(9))).enrol(secret)).rejects.toMatchObject({ status: 403, code: 'otherClient' });
  });

  it('waits without genesis', async () => {
    const target = { endpoints: [`127.0.0.1:${node.ready.ports.control}`], publicKey: fromHex(node.ready.publicKey) };
    expect(await new ControlClient(await makeIdentity(seed), target).status()).toMatchObject({ phase: 'waiting', genesisHash: null, height: 0, peers: 0 });
  });
});
