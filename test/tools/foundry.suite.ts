import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts';
import { CONTRACTS, largeSource } from './compile.js';
import type { ToolWorld } from './world.js';

const run = promisify(execFile);
const MODULES = join(__dirname, '../../node_modules');
const program = (name: string): string => join(MODULES, '@foundry-rs', `${name}-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`, 'bin', name);

const CONFIG = `[profile.default]
src = "src"
test = "test"
libs = ["node_modules"]
solc = ${JSON.stringify(join(__dirname, 'solc.cjs'))}
offline = true
optimizer = true
evm_version = "osaka"
allow_paths = [${JSON.stringify(MODULES)}]
`;

/** forge builds, tests against the state of the chain, and deploys; cast reads, sends and decodes. */
export function foundrySuite(world: () => ToolWorld): void {
  const folder = mkdtempSync(join(tmpdir(), 'stele-forge-'));
  const key = generatePrivateKey();
  const header = (): string => Object.entries(world().headers).map(([name, value]) => `${name}: ${value}`).join(',');
  const tool = async (name: string, args: readonly string[]): Promise<string> => {
    const env = { PATH: process.env['PATH'], HOME: folder, NO_PROXY: '127.0.0.1', FOUNDRY_DISABLE_NIGHTLY_WARNING: '1', NODE_PATH: MODULES };
    return (await run(program(name), [...args], { cwd: folder, env, timeout: 90_000, maxBuffer: 16 * 1024 * 1024 })).stdout.trim();
  };
  const cast = (command: string, ...args: string[]): Promise<string> => tool('cast', [command, '--rpc-url', world().rpcUrl, '--rpc-headers', header(), ...args]);
  let deployed = '';

  beforeAll(() => {
    cpSync(CONTRACTS, join(folder, 'src'), { recursive: true });
    writeFileSync(join(folder, 'src', 'Large.sol'), largeSource());
    symlinkSync(MODULES, join(folder, 'node_modules'));
    writeFileSync(join(folder, 'foundry.toml'), CONFIG);
    writeFileSync(join(folder, 'remappings.txt'), '@openzeppelin/=node_modules/@openzeppelin/\n');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('forge builds the contracts and deploys one', async () => {
    await tool('forge', ['build', '--force']);
    const out = await tool('forge', ['create', 'src/Assets.sol:Currency', '--rpc-url', world().rpcUrl, '--rpc-headers', header(), '--private-key', key, '--broadcast', '--json', '--constructor-args', privateKeyToAddress(key)]);
    deployed = (JSON.parse(out.slice(out.indexOf('{'))) as { deployedTo: string }).deployedTo;
    expect(deployed).toMatch(/^0x[0-9a-fA-F]{40}$/);
  });

  test('cast reads, sends, estimates, decodes errors, traces and looks at storage', async () => {
    const account = privateKeyToAddress(key);
    expect(await cast('chain-id')).toBe(String(world().evmChainId));
    expect(await cast('call', deployed, 'symbol()(string)')).toBe('"HBD"');
    const minter = await cast('call', deployed, 'MINTER()(bytes32)');
    const sent = JSON.parse(await cast('send', '--private-key', key, '--json', deployed, 'grantRole(bytes32,address)', minter, account)) as { status: string; transactionHash: string };
    expect(sent.status).toBe('0x1');
    await cast('send', '--private-key', key, deployed, 'mint(address,uint256)', account, '500');
    expect(await cast('call', deployed, 'balanceOf(address)(uint256)', account)).toBe('500');
    expect(Number(await cast('estimate', '--from', account, deployed, 'transfer(address,uint256)', deployed, '1'))).toBeGreaterThan(21_000);
    await expect(cast('call', '--from', account, deployed, 'transfer(address,uint256)', deployed, '501')).rejects.toThrow(/ERC20InsufficientBalance|e450d38c/);
    expect(await cast('storage', deployed, '2')).toBe(`0x${(500).toString(16).padStart(64, '0')}`);
    expect(JSON.parse(await cast('receipt', sent.transactionHash, '--json'))).toMatchObject({ status: '0x1' });
    expect(await cast('rpc', 'debug_traceTransaction', sent.transactionHash, '{"tracer":"callTracer"}')).toContain('"type":"CALL"');
    expect(await cast('logs', '--from-block', '0', '--address', deployed, 'Transfer(address,address,uint256)')).toMatch(new RegExp(deployed, 'i'));
  });

  // Forking sends no headers: the key stands in the address.
  test('a forge test runs on a fork of the chain', async () => {
    writeFileSync(join(folder, 'src', 'Fork.t.sol'), `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;
import {Currency} from "./Assets.sol";

interface Vm { function prank(address who) external; }

contract ForkTest {
    Vm constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
    Currency constant currency = Currency(${deployed});
    address constant holder = ${privateKeyToAddress(key)};

    function test_the_holder_can_pay() external {
        require(currency.balanceOf(holder) == 500, "state of the chain");
        vm.prank(holder);
        currency.transfer(address(this), 200);
        require(currency.balanceOf(address(this)) == 200, "paid");
    }
}
`);
    const out = await tool('forge', ['test', '--fork-url', world().keyedUrl, '--json', '--match-contract', 'ForkTest']).catch(async (error: { stdout?: string; stderr?: string }) => { throw new Error(`${error.stdout ?? ''} ${error.stderr ?? ''}`); });
    expect(out).toContain('"status":"Success"');
  });
}
