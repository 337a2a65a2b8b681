import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { privateKeyToAccount } from 'viem/accounts';
import { DEV_PRIVATE_KEY, Devnet } from './devnet/devnet.js';

const USAGE = `npm run devnet -- [options]     four validators on this machine, and an RPC URL for viem, cast and every Ethereum tool
  --validators N     1 to 16 (default 4)
  --port P           of the RPC URL (default 8545, or a free one where that is taken)
  --keep-data DIR    keep keys and chain there; a second start goes on with the same chain
  --json             one line of JSON instead of text
  --log-level L      of the nodes' logs: debug, info, warn, error`;
const DEFAULT_PORT = 8545;
const LEVELS = ['debug', 'info', 'warn', 'error'];

/** `npm run devnet`: runs until Ctrl-C. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      validators: { type: 'string', default: '4' }, port: { type: 'string' }, 'keep-data': { type: 'string' }, json: { type: 'boolean', default: false },
      'log-level': { type: 'string' }, help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return void console.log(USAGE);
  const validators = wholeNumber(values.validators, 1, 16, '--validators');
  const level = values['log-level'];
  if (level !== undefined && !LEVELS.includes(level)) throw new Error(`--log-level is one of ${LEVELS.join(', ')}, not "${level}"`);
  const kept = values['keep-data'];
  const folder = kept === undefined ? mkdtempSync(join(tmpdir(), 'stele-devnet-')) : resolve(kept);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const began = performance.now();
  let devnet: Devnet | undefined;
  let ending = false;
  const end = async (code: number): Promise<void> => {
    if (ending) return;
    ending = true;
    await devnet?.stop();
    if (kept === undefined) rmSync(folder, { recursive: true, force: true });
    process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0));
  try {
    devnet = await Devnet.start({
      bundle: bundlePath(), folder, validators, port: await choosePort(values.port),
      ...(values['log-level'] === undefined ? {} : { logLevel: values['log-level'] }),
    });
    await devnet.reached(1);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    await end(1);
    return;
  }
  report(devnet, folder, performance.now() - began, values.json, kept !== undefined);
}

function report(devnet: Devnet, folder: string, readyMs: number, json: boolean, kept: boolean): void {
  const rpcUrl = devnet.node(0).rpcUrl;
  const account = privateKeyToAccount(DEV_PRIVATE_KEY);
  const chainId = Number(devnet.genesisFile.genesis['evmChainId']);
  const genesisPath = join(folder, 'genesis.json');
  if (json) {
    console.log(JSON.stringify({
      rpcUrl, rpcUrls: devnet.nodes.map((node) => node.rpcUrl), chainId, genesisHash: devnet.genesisFile.genesisHash, genesisPath, validators: devnet.nodes.length,
      account: { address: account.address, privateKey: DEV_PRIVATE_KEY }, pids: devnet.nodes.map((node) => node.pid), folder, readyMs: Math.round(readyMs),
      nodeStartMs: devnet.nodes.map((node) => Math.round(node.startMs)),
    }));
    return;
  }
  console.log(`${devnet.nodes.length} validators run; the first block was decided after ${(readyMs / 1000).toFixed(2)} s.

  RPC URL      ${rpcUrl}      (HTTP, and WebSocket at ${rpcUrl.replace('http', 'ws')})
  chain id     ${chainId}
  account      ${account.address}  with 10000 of the chain's own coin; gas costs nothing
  its key      ${DEV_PRIVATE_KEY}  (publicly known: for development only)
  genesis      ${genesisPath}
  its hash     ${devnet.genesisFile.genesisHash}
  data, logs   ${folder}

  cast send --rpc-url ${rpcUrl} --private-key ${DEV_PRIVATE_KEY} 0x000000000000000000000000000000000000dEaD --value 1ether

Ctrl-C stops it${kept ? '; --keep-data has it again' : ' and removes its data'}.`);
}

/** Up from here: this file runs from dist/scripts. */
function bundlePath(): string {
  for (let folder = __dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'dist', 'node', 'stele-node.cjs');
    if (existsSync(path)) return path;
  }
  throw new Error('There is no dist/node/stele-node.cjs: run `npm run build` first.');
}

async function choosePort(wanted: string | undefined): Promise<number> {
  if (wanted !== undefined) return wholeNumber(wanted, 0, 65_535, '--port');
  return (await isFree(DEFAULT_PORT)) ? DEFAULT_PORT : 0;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const trial = createServer();
    trial.once('error', () => done(false));
    trial.listen(port, '127.0.0.1', () => trial.close(() => done(true)));
  });
}

function wholeNumber(text: string, least: number, most: number, name: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) throw new Error(`${name} must be a whole number from ${least} to ${most}.`);
  return value;
}

main().catch((error: unknown) => {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exit(2);
});
