/** Contracts by the portal: from Solidity to a chain of real nodes, signed by the caller, and from the chain back to the sources. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createPublicClient, defineChain, http, type Abi, type Hex } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import type { CompileRequest, PreparedContractView } from '#contracts';
import type { SteleClient } from '#sdk';
import { signWhenAsked, type Founder } from '../scripts/demo/founding.js';
import type { Platform } from '../scripts/platform/platform.js';
import { chainRequest, makeHome, newFounder, registerTenant, removeHome, startTestPlatform, succeeded, TEST_TIMEOUT_MS, testEnvironment, timed } from './support/e2e.js';

jest.setTimeout(TEST_TIMEOUT_MS);

const source = (note = ''): CompileRequest => ({
  sources: {
    'Token.sol': {
      content: `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Prices} from "./lib/Prices.sol";
${note}
contract Token is ERC20 {
    uint256 public immutable cap;
    constructor(uint256 cap_) ERC20("Token", "TOK") { require(cap_ > 0, "no cap"); cap = cap_; _mint(msg.sender, Prices.half(cap_)); }
}`,
    },
    'lib/Prices.sol': 'pragma solidity ^0.8.20; library Prices { function half(uint256 x) internal pure returns (uint256) { return x / 2; } }',
  },
  settings: { optimizer: { enabled: true, runs: 200 } },
  contract: 'Token',
});

describe('contracts by the portal', () => {
  const home = makeHome();
  let platform: Platform;
  let client: SteleClient;
  let founder: Founder;
  let chainId: string;
  let evmChainId: number;
  let address: Hex;

  const reader = () => {
    const chain = defineChain({ id: evmChainId, name: 'e2e', nativeCurrency: { name: 'none', symbol: 'NONE', decimals: 18 }, rpcUrls: { default: { http: [client.rpcUrl(chainId)] } } });
    return createPublicClient({ chain, transport: http(client.rpcUrl(chainId), { fetchOptions: { headers: client.authorization() } }) });
  };
  const sign = (account: PrivateKeyAccount, { transaction }: PreparedContractView, change: { nonce?: number; gas?: bigint } = {}): Promise<Hex> =>
    account.signTransaction({ type: 'eip1559', chainId: Number(transaction.chainId), nonce: Number(transaction.nonce), gas: BigInt(transaction.gas), maxFeePerGas: 0n, maxPriorityFeePerGas: 0n, value: 0n, data: transaction.data as Hex, ...change });

  beforeAll(async () => {
    // What an operator does whose developers use other compilers.
    const builds = join(home, 'solc');
    mkdirSync(builds);
    copyFileSync(require.resolve('solc-older/soljson.js'), join(builds, 'soljson-v0.8.24+commit.e11b9ed9.js'));
    platform = await startTestPlatform({ home, env: testEnvironment({ STELE_RUNTIME: 'process', STELE_SOLC: builds }) });
    founder = newFounder('Aster Freight');
    client = await registerTenant(platform.url, founder.name);
    const made = await client.createChain({ ...chainRequest(founder, [{ dataCenter: platform.dataCenter, count: 4 }]), access: 'members' });
    await timed('provision', async () => void (await Promise.all([succeeded(client, made.operation.id), signWhenAsked(client, made.chain.id, founder)])));
    ({ id: chainId, evmChainId } = made.chain);
  });

  afterAll(async () => {
    await platform?.stop({ removeData: true }).catch((error: unknown) => process.stderr.write(`the platform did not stop: ${String(error)}\n`));
    removeHome(home);
  });

  test('sources with OpenZeppelin and a constructor: prepared, signed by the caller, deployed, verified at once', async () => {
    const from = founder.operations.address;
    const prepared = await client.prepareContract(chainId, { source: source(), constructorArguments: ['1000'], from });
    expect(prepared).toMatchObject({ contract: { status: 'prepared', name: 'Token', address: null }, transaction: { to: null, nonce: '0x0' } });
    const signed = await sign(founder.operations, prepared);
    const [deployed, again] = await Promise.all([client.deployContract(chainId, prepared.contract.id, signed), client.deployContract(chainId, prepared.contract.id, signed)]);
    expect(deployed).toMatchObject({ status: 'deployed', verification: 'exact', blockNumber: expect.any(Number) as number });
    expect(again).toEqual(deployed);
    expect(await client.deployContract(chainId, prepared.contract.id, signed)).toEqual(deployed);
    address = deployed.address as Hex;
    expect(await reader().readContract({ address, abi: deployed.abi as unknown as Abi, functionName: 'balanceOf', args: [from] })).toBe(500n);
    expect(await client.contract(chainId, prepared.contract.id)).toEqual(deployed);
    expect((await client.contracts(chainId)).data).toMatchObject([{ id: deployed.id, address, verification: 'exact' }]);
    await expect(client.deployContract(chainId, prepared.contract.id, await sign(founder.operations, prepared, { nonce: 1 }))).rejects.toMatchObject({ code: 'conflict' });
  });

  test('sources that differ in a comment match in part; others do not, and the answer says where', async () => {
    expect(await client.verifyContract(chainId, { address, source: source('// a note') })).toMatchObject({ verification: 'partial', address });
    expect(await client.verifyContract(chainId, { address, source: source() })).toMatchObject({ verification: 'exact' });
    expect((await client.contracts(chainId, address)).data).toHaveLength(1);
    expect((await client.contracts(chainId, `0x${'9'.repeat(40)}`)).data).toEqual([]);
    await expect(client.verifyContract(chainId, { address, source: { ...source(), settings: {} } })).rejects.toMatchObject({ status: 422, code: 'source_mismatch' });
    await expect(client.verifyContract(chainId, { address: `0x${'9'.repeat(40)}`, source: source() })).rejects.toMatchObject({ code: 'source_mismatch' });
  });

  test('bytecode with its ABI is deployed as well, without sources', async () => {
    const { contract, transaction } = await client.prepareContract(chainId, { source: source(), constructorArguments: [2] });
    expect(transaction.nonce).toBeNull();
    const bytecode = transaction.data.slice(0, -64);
    const prepared = await client.prepareContract(chainId, { name: 'Ours', bytecode, abi: contract.abi, constructorArguments: [4], from: founder.operations.address });
    expect(await client.deployContract(chainId, prepared.contract.id, await sign(founder.operations, prepared))).toMatchObject({ name: 'Ours', status: 'deployed', verification: null, source: null });
  });

  test('a deployment that was sent, and of which nobody heard, is found when it is handed in again', async () => {
    const prepared = await client.prepareContract(chainId, { source: source(), constructorArguments: [6], from: founder.operations.address });
    const signed = await sign(founder.operations, prepared);
    const hash = await reader().sendRawTransaction({ serializedTransaction: signed });
    await reader().waitForTransactionReceipt({ hash, pollingInterval: 50 });
    expect(await client.contract(chainId, prepared.contract.id)).toMatchObject({ status: 'prepared' });
    expect(await client.deployContract(chainId, prepared.contract.id, signed)).toMatchObject({ status: 'deployed', transactionHash: hash });
  });

  test('what another compiler made is verified by that compiler, which the code names', async () => {
    const older: CompileRequest = { sources: { 'Old.sol': { content: '// SPDX-License-Identifier: Apache-2.0\npragma solidity ^0.8.0;\ncontract Old { function year() external pure returns (uint256) { return 2024; } }' } } };
    const prepared = await client.prepareContract(chainId, { source: { ...older, compiler: '0.8.24' }, from: founder.operations.address });
    const { address: at } = await client.deployContract(chainId, prepared.contract.id, await sign(founder.operations, prepared));
    expect(await client.verifyContract(chainId, { address: at as Hex, source: older })).toMatchObject({ verification: 'exact', source: { compiler: expect.stringMatching(/^0\.8\.24\+/) as string } });
    await expect(client.verifyContract(chainId, { address: at as Hex, source: { ...older, compiler: '0.8.1' } })).rejects.toMatchObject({ code: 'compilation_failed', message: expect.stringContaining('0.8.24') as string });
  });

  test('faults are told before anything is signed, and a failed deployment with its reason', async () => {
    const broken = { sources: { 'A.sol': { content: 'pragma solidity ^0.8.0;\ncontract A { uint x = true; }' } } };
    await expect(client.prepareContract(chainId, { source: broken })).rejects.toMatchObject({ status: 422, code: 'compilation_failed' });
    await expect(client.prepareContract(chainId, { source: source(), constructorArguments: [] })).rejects.toMatchObject({ code: 'constructor_arguments_invalid' });
    await expect(client.prepareContract(chainId, { source: source(), constructorArguments: [0] })).rejects.toMatchObject({ code: 'transaction_refused', message: expect.stringContaining('no cap') as string });
    await expect(client.prepareContract(chainId, {})).rejects.toMatchObject({ code: 'validation_failed' });
    const prepared = await client.prepareContract(chainId, { source: source(), constructorArguments: [8], from: founder.operations.address });
    await expect(client.deployContract(chainId, prepared.contract.id, await sign(founder.operations, prepared, { nonce: 0 }))).rejects.toMatchObject({ code: 'transaction_refused', message: expect.stringContaining('nonce') as string });
    expect(await client.contract(chainId, prepared.contract.id)).toMatchObject({ status: 'prepared', transactionHash: null });
    const poor = await sign(founder.operations, prepared, { gas: BigInt(prepared.transaction.gas) - 10_000n });
    expect(await client.deployContract(chainId, prepared.contract.id, poor)).toMatchObject({ status: 'failed', address: null, reason: expect.stringContaining('gas') as string });
  });

  test('on a chain that begins with its members’ accounts alone, nobody else deploys, and hears so before signing', async () => {
    expect(await client.chain(chainId)).toMatchObject({ access: 'members' });
    const other = newFounder('Somebody').operations;
    await expect(client.prepareContract(chainId, { source: source(), constructorArguments: [8], from: other.address })).rejects.toMatchObject({ code: 'transaction_refused', message: expect.stringContaining('may not transact on this chain') as string });
    const prepared = await client.prepareContract(chainId, { source: source(), constructorArguments: [8] });
    const refused = client.deployContract(chainId, prepared.contract.id, await sign(other, prepared, { nonce: 0 }));
    await expect(refused).rejects.toMatchObject({ code: 'transaction_refused', message: expect.stringContaining('may not transact on this chain') as string });
  });

  test('who is no member finds no contract', async () => {
    const stranger = await registerTenant(platform.url, 'Strangers');
    const [{ id } = { id: '' }] = (await client.contracts(chainId)).data;
    for (const ask of [() => stranger.contracts(chainId), () => stranger.contract(chainId, id), () => stranger.prepareContract(chainId, { source: source(), constructorArguments: [1] }), () => stranger.verifyContract(chainId, { address, source: source() })]) {
      await expect(ask()).rejects.toMatchObject({ status: 404, code: 'not_found' });
    }
  });
});
