import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts';
import { chooseNodeBinary } from '#runtime';
import { CONTRACTS, largeSource } from './compile.js';
import type { ToolWorld } from './world.js';

const run = promisify(execFile);
const ROOT = join(__dirname, '../..');
const PACKAGE = join(__dirname, 'hardhat');
const NODE = chooseNodeBinary().path;
const INSTALL_TIMEOUT_MS = 100_000;

/** npm's own program: it takes the engines that packages want from the Node that runs it. */
function npmProgram(): string {
  const found = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'npm')).find(existsSync);
  if (found === undefined) throw new Error('npm is not on the PATH');
  return realpathSync(found);
}

/** Hardhat as its lock says, installed once for each lock. */
async function hardhatModules(): Promise<string> {
  const lock = readFileSync(join(PACKAGE, 'package-lock.json'));
  const folder = join(ROOT, 'node_modules', '.cache', `stele-hardhat-${createHash('sha256').update(lock).digest('hex').slice(0, 16)}`);
  if (!existsSync(folder)) {
    mkdirSync(join(folder, '..'), { recursive: true });
    const making = mkdtempSync(`${folder}-`);
    cpSync(PACKAGE, making, { recursive: true });
    await run(NODE, [npmProgram(), 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: making, timeout: INSTALL_TIMEOUT_MS });
    renameSync(making, folder);
  }
  return join(folder, 'node_modules');
}

const CONFIG = `import { defineConfig } from 'hardhat/config';
export default defineConfig({
  solidity: { version: '0.8.37', path: process.env.SOLC_PATH, settings: { optimizer: { enabled: true, runs: 200 }, evmVersion: 'osaka' } },
  networks: { stele: { type: 'http', chainType: 'generic', url: process.env.RPC_URL, httpHeaders: JSON.parse(process.env.RPC_HEADERS), accounts: [process.env.KEY] } },
});
`;

/** What a deployment script does: take the artifact, send, wait, read, hear a refusal. */
const SCRIPT = `import hre from 'hardhat';
import { encodeFunctionData, decodeFunctionResult, encodeDeployData } from 'viem';
const { provider } = await hre.network.connect('stele');
const { abi, bytecode } = await hre.artifacts.readArtifact('Oddities');
const [from] = await provider.request({ method: 'eth_accounts' });
const mined = async (hash) => { for (;;) { const receipt = await provider.request({ method: 'eth_getTransactionReceipt', params: [hash] }); if (receipt !== null) return receipt; await new Promise((resolve) => setTimeout(resolve, 50)); } };
const deployment = await mined(await provider.request({ method: 'eth_sendTransaction', params: [{ from, data: encodeDeployData({ abi, bytecode }) }] }));
const to = deployment.contractAddress;
const set = await mined(await provider.request({ method: 'eth_sendTransaction', params: [{ from, to, data: encodeFunctionData({ abi, functionName: 'set', args: [4n, 44n] }) }] }));
const data = await provider.request({ method: 'eth_call', params: [{ to, data: encodeFunctionData({ abi, functionName: 'slots', args: [4n] }) }, 'latest'] });
const refused = await provider.request({ method: 'eth_call', params: [{ to, data: encodeFunctionData({ abi, functionName: 'withReason', args: ['not today'] }) }, 'latest'] }).then(() => 'nothing', (error) => error.message);
console.log('RESULT ' + JSON.stringify({ from, deployed: deployment.status, set: set.status, value: String(decodeFunctionResult({ abi, functionName: 'slots', data })), refused, chainId: Number(await provider.request({ method: 'eth_chainId' })) }));
`;

/** Hardhat 3 on the Node that it needs, with the compiler of the npm package. */
export function hardhatSuite(world: () => ToolWorld): void {
  const folder = mkdtempSync(join(tmpdir(), 'stele-hardhat-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  let modules = '';
  beforeAll(async () => {
    modules = await hardhatModules();
  });

  test('compiles, deploys, writes, reads, and tells why a call reverts', async () => {
    const key = generatePrivateKey();
    cpSync(CONTRACTS, join(folder, 'contracts'), { recursive: true });
    writeFileSync(join(folder, 'contracts', 'Large.sol'), largeSource());
    mkdirSync(join(folder, 'node_modules'));
    for (const name of ['hardhat', 'viem', '@nomicfoundation']) symlinkSync(join(modules, name), join(folder, 'node_modules', name));
    symlinkSync(join(ROOT, 'node_modules', '@openzeppelin'), join(folder, 'node_modules', '@openzeppelin'));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'hardhat.config.js'), CONFIG);
    writeFileSync(join(folder, 'deploy.js'), SCRIPT);
    const env = {
      PATH: process.env['PATH'], HOME: folder, RPC_URL: world().rpcUrl, RPC_HEADERS: JSON.stringify(world().headers), KEY: key, SOLC_PATH: join(ROOT, 'node_modules', 'solc', 'soljson.js'), HARDHAT_DISABLE_TELEMETRY_PROMPT: 'true', CI: 'true',
    };
    const hardhat = async (...args: string[]): Promise<string> => {
      const { stdout } = await run(NODE, [join(modules, 'hardhat', 'dist', 'src', 'cli.js'), ...args], { cwd: folder, env, timeout: 100_000 });
      return stdout;
    };
    await hardhat('build', '--quiet');
    const out = await hardhat('run', 'deploy.js', '--no-compile');
    const result = JSON.parse(out.slice(out.indexOf('RESULT ') + 7)) as Record<string, unknown>;
    expect(result).toMatchObject({ from: privateKeyToAddress(key).toLowerCase(), deployed: '0x1', set: '0x1', value: '44', chainId: world().evmChainId, refused: expect.stringContaining('not today') as unknown });
  });
}
