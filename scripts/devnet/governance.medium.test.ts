import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPublicClient, createWalletClient, defineChain, encodeFunctionData, http, TransactionRejectedRpcError, type BaseError, type Hex } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { fromHex, toHex, type Receipt } from '#ledger';
import { CONSORTIUM_ABI, CONSORTIUM_ADDRESS, ControlClient, PERMISSIONS_ABI, PERMISSIONS_ADDRESS, verifyReceipt } from '#sdk';
import { ChildNode } from './child-node.js';
import { DEV_PRIVATE_KEY, Devnet } from './devnet.js';

// Real processes of the real bundle, with viem at their JSON-RPC, as the README shows it.
const folder = mkdtempSync(join(tmpdir(), 'stele-governance-test-'));
const bundle = join(folder, 'bundle', 'stele-node.cjs');
const PARAMS = { proposeTimeoutMs: 1500, prevoteTimeoutMs: 500, precommitTimeoutMs: 500, timeoutDeltaMs: 200, trailingBlocks: 2, trailingIntervalMs: 100 };
const consortium = { address: CONSORTIUM_ADDRESS, abi: CONSORTIUM_ABI } as const;
const permissions = { address: PERMISSIONS_ADDRESS, abi: PERMISSIONS_ABI } as const;

jest.setTimeout(60_000);

describe('a chain that its member rules through viem', () => {
  let devnet: Devnet;
  let third: ChildNode;
  const founder = privateKeyToAccount(DEV_PRIVATE_KEY);

  beforeAll(async () => {
    execFileSync(process.execPath, [join(__dirname, '..', 'bundle-node.mjs'), join(folder, 'bundle')]);
    devnet = await Devnet.start({ bundle, folder: join(folder, 'chain'), validators: 2, port: 0, params: PARAMS });
  });
  afterAll(async () => {
    await third?.stop();
    await devnet.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const clientsOf = (account = founder) => {
    const url = devnet.node(0).rpcUrl;
    const chain = defineChain({ id: Number(devnet.genesisFile.genesis['evmChainId']), name: 'devnet', nativeCurrency: { name: 'none', symbol: 'NONE', decimals: 18 }, rpcUrls: { default: { http: [url] } } });
    const transport = http(url, { retryCount: 0 });
    return { reader: createPublicClient({ chain, transport, pollingInterval: 20 }), wallet: createWalletClient({ account, chain, transport }) };
  };
  const committed = async (hash: Hex): Promise<Hex> => {
    const receipt = await clientsOf().reader.waitForTransactionReceipt({ hash, timeout: 15_000 });
    expect(receipt.status).toBe('success');
    return hash;
  };

  it('votes more nodes for itself; another node registers and activates itself by what its own key has signed', async () => {
    const { reader, wallet } = clientsOf();
    const action = encodeFunctionData({ abi: CONSORTIUM_ABI, functionName: 'change', args: [0, 1n, 3] });
    await committed(await wallet.writeContract({ ...consortium, functionName: 'propose', args: [action] }));
    expect(await reader.readContract({ ...consortium, functionName: 'member', args: [0] })).toMatchObject({ nodeCount: 2, nodesAllowed: 3, active: true });

    const secret = randomBytes(32).toString('base64url');
    third = await ChildNode.start({ bundle, dataFolder: join(folder, 'third'), controlKey: toHex(devnet.identity.publicKey), enrolSecret: secret, devPort: 0 });
    const target = { endpoints: [`127.0.0.1:${third.ready.ports.control}`], publicKey: null };
    const key = await new ControlClient(devnet.identity, target).enrol(secret);
    const control = new ControlClient(devnet.identity, { ...target, publicKey: key });
    await expect(control.binding(0, 'register')).rejects.toMatchObject({ status: 409, code: 'noGenesis' });
    const endpoints = Object.fromEntries([...devnet.nodes, third].map(({ ready }) => [toHex(fromHex(ready.publicKey)), [`127.0.0.1:${ready.ports.peer}`]]));
    await control.putGenesis(devnet.genesisFile, endpoints);
    for (const index of [0, 1]) await devnet.control(index).putEndpoints(endpoints);

    const proof = await control.binding(0, 'register');
    await committed(await wallet.writeContract({ ...consortium, functionName: 'registerNode', args: [proof.publicKey as Hex, proof.proof as Hex] }));
    for (let height = 0; height === 0; ) height = (await control.status()).height;
    const alive = await control.binding(0, 'activate');
    const hash = await committed(await wallet.writeContract({ ...consortium, functionName: 'activate', args: [alive.publicKey as Hex, BigInt(alive.height), alive.proof as Hex] }));
    expect(await reader.readContract({ ...consortium, functionName: 'activeKeys' })).toContain(proof.publicKey);

    const ask = reader.request as (call: { method: string; params: unknown[] }) => Promise<unknown>;
    const validators = async (): Promise<number> => ((await ask({ method: 'stele_getConsensus', params: [] })) as { validators: unknown[] }).validators.length;
    for (let count = 0; count !== 3; ) count = await validators();
    // Three of power 1 decide with three: the newcomer votes.
    const later = await committed(await wallet.sendTransaction({ to: founder.address, value: 1n }));
    for (const [of, changes] of [[hash, 0], [later, 1]] as const) {
      const receipt = (await ask({ method: 'stele_getReceipt', params: [of] })) as Receipt;
      expect(receipt.validatorChanges).toHaveLength(changes);
      expect(verifyReceipt(devnet.genesisFile, receipt, { genesisHash: devnet.genesisFile.genesisHash })).toMatchObject({ ok: true });
    }
  });

  it('tells by name why a call of the contract fails', async () => {
    const stranger = clientsOf(privateKeyToAccount(generatePrivateKey()));
    await expect(stranger.reader.simulateContract({ ...consortium, functionName: 'vote', args: [1n, true], account: stranger.wallet.account })).rejects.toThrow('NotGovernance');
    await expect(stranger.reader.simulateContract({ ...permissions, functionName: 'createRole', args: ['x'], account: stranger.wallet.account })).rejects.toThrow('NotAdministrator');
  });

  it('closes the chain by a vote, and lets one account call one function', async () => {
    const { wallet } = clientsOf();
    const clerk = clientsOf(privateKeyToAccount(generatePrivateKey()));
    const send = (to: Hex, data: Hex): Promise<Hex> => clerk.wallet.sendTransaction({ to, data, gas: 200_000n });
    const records = '0x00000000000000000000000000000000005e1e03';
    const put = encodeFunctionData({ abi: [{ type: 'function', name: 'put', stateMutability: 'nonpayable', inputs: [{ type: 'bytes32' }, { type: 'string' }], outputs: [{ type: 'uint64' }] }], args: [`0x${'11'.repeat(32)}`, 'about:blank'] });
    await committed(await send(records, put));

    await committed(await wallet.writeContract({ ...consortium, functionName: 'propose', args: [encodeFunctionData({ abi: CONSORTIUM_ABI, functionName: 'setAccess', args: [1] })] }));
    const refused = await send(records, put).catch((error: unknown) => error as BaseError);
    if (typeof refused === 'string') throw new Error('a stranger transacts on a closed chain');
    expect(refused.walk((cause) => cause instanceof TransactionRejectedRpcError)).toBeInstanceOf(TransactionRejectedRpcError);
    expect(refused.message).toContain(`the account ${clerk.wallet.account.address.toLowerCase()} may not transact on this chain`);

    // Who asks beforehand hears it as well; reading stays free.
    const { reader } = clientsOf();
    await expect(reader.estimateGas({ account: clerk.wallet.account, to: records, data: put })).rejects.toThrow('may not transact on this chain');
    await expect(reader.call({ account: clerk.wallet.account, to: records, data: put })).resolves.toBeDefined();

    await committed(await wallet.writeContract({ ...permissions, functionName: 'setAccount', args: [clerk.wallet.account.address, true, false, true] }));
    await committed(await wallet.writeContract({ ...permissions, functionName: 'createRole', args: ['notary'] }));
    await committed(await wallet.writeContract({ ...permissions, functionName: 'allow', args: [1, records, Number(put.slice(0, 10)), true] }));
    await committed(await wallet.writeContract({ ...permissions, functionName: 'grant', args: [clerk.wallet.account.address, 1, true] }));
    await committed(await send(records, put));
    expect(await reader.estimateGas({ account: clerk.wallet.account, to: records, data: put })).toBeGreaterThan(21_000n);
    await expect(send(records, '0x12345678')).rejects.toThrow('has no role for a call of function 0x12345678');
    await expect(clerk.wallet.deployContract({ abi: [], bytecode: '0x5f5ff3', gas: 200_000n })).rejects.toThrow('may not deploy contracts');
  });
});
