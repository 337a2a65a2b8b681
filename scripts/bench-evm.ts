/** `npm run bench:evm`: see USAGE. */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fromHex } from '#ledger';
import { chooseNodeBinary } from '#runtime';
import { measureExecution } from '../libs/evm/bench/execution.js';
import { Anvil } from './bench/anvil.js';
import { nodeBundle } from './bench/bundle.js';
import { EvmLoad, loadAccounts, type EvmFigures, type EvmKind, type EvmTarget } from './bench/evm-load.js';
import { Devnet } from './devnet/devnet.js';

const USAGE = `npm run bench:evm -- [options]     value transfers, ERC-20 transfers and Records puts: through JSON-RPC on four validators, on anvil, and executed alone
  --seconds N     of each load (default 8)
  --execution     only what one core executes
  --json          ends with one line of JSON`;
const VALIDATORS = 4;
const KINDS: readonly EvmKind[] = ['value', 'erc20', 'records'];
const IN_FLIGHT = 800;
/** With a block each second a second's transactions wait. */
const ANVIL_IN_FLIGHT = 12_000;
const BALANCE_WEI = 10n ** 18n;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '8' }, execution: { type: 'boolean', default: false }, json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } } });
  if (values.help === true) return void console.log(USAGE);
  const seconds = Number(values.seconds);
  if (!(seconds >= 2 && seconds <= 120)) throw new Error('--seconds must be from 2 to 120');
  const say = (text: string): void => void console.error(text);
  const cores = availableParallelism();
  say(`${cores} cores (${cpus()[0]?.model ?? 'unknown'})`);
  const alone = await measureExecution();
  for (const { name, executionTps, admissionTps, commitTps, commitmentShare } of alone) say(`one core, ${name.padEnd(15)} executes ${executionTps}/s (the tree is ${Math.round(100 * commitmentShare)} % of it), admits ${admissionTps}/s, commits ${commitTps}/s`);
  const [value, erc20, records] = alone;
  const execution = { executionValueTps: value?.executionTps, executionErc20Tps: erc20?.executionTps, executionRecordsTps: records?.executionTps, commitmentShare: erc20?.commitmentShare };
  if (values.execution) return void (values.json && console.log(JSON.stringify(execution)));

  const ours = await onFourValidators(seconds, say);
  const anvil = await onAnvil('anvil, a block for each transaction', undefined, seconds, say);
  const anvilTimed = await onAnvil('anvil, a block each second', 1, seconds, say);
  const ceiling = ((erc20?.executionTps ?? 0) * cores) / VALIDATORS;
  const found = (figures: readonly EvmFigures[], kind: EvmKind): number | null => figures.find((one) => one.kind === kind)?.tps ?? null;
  say(`\nceiling of ERC-20 transfers: ${Math.round(ceiling)} a second (one core’s execution × ${cores} ÷ ${VALIDATORS}); ours ÷ ceiling ${((found(ours, 'erc20') ?? 0) / ceiling).toFixed(2)}`);
  if (!values.json) return;
  console.log(JSON.stringify({
    valueTps: found(ours, 'value'), erc20Tps: found(ours, 'erc20'), recordsTps: found(ours, 'records'), ...execution,
    anvilValueTps: found(anvil, 'value'), anvilErc20Tps: found(anvil, 'erc20'), anvilTimedErc20Tps: found(anvilTimed, 'erc20'),
  }));
}

async function onFourValidators(seconds: number, say: (text: string) => void): Promise<EvmFigures[]> {
  const folder = mkdtempSync(join(tmpdir(), 'stele-bench-'));
  // The accounts' keys are made from their numbers: the chain id is not known yet, and does not matter to their addresses.
  const alloc = loadAccounts(VALIDATORS, 0n).map(({ address }) => ({ address: fromHex(address), balance: BALANCE_WEI, code: new Uint8Array() }));
  const net = await Devnet.start({ bundle: nodeBundle(), nodeBinary: chooseNodeBinary().path, folder, validators: VALIDATORS, port: 0, logLevel: 'warn', alloc });
  try {
    await net.reached(1);
    const chainId = BigInt(Number(net.genesisFile.genesis['evmChainId']));
    return await loads('four validators', { rpcUrls: net.nodes.map(({ rpcUrl }) => rpcUrl), chainId, pids: net.nodes.map(({ pid }) => pid), inFlight: IN_FLIGHT, isOurs: true }, seconds, say);
  } finally {
    await net.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function onAnvil(name: string, blockTimeSeconds: number | undefined, seconds: number, say: (text: string) => void): Promise<EvmFigures[]> {
  const chainId = 31_337;
  const anvil = await Anvil.start(chainId, blockTimeSeconds);
  try {
    // As many addresses as four validators have, so that it has as many clients.
    const rpcUrls = Array.from({ length: VALIDATORS }, () => anvil.url);
    for (const { address } of loadAccounts(VALIDATORS, 0n)) await setBalance(anvil.url, address);
    return await loads(name, { rpcUrls, chainId: BigInt(chainId), pids: [anvil.pid], inFlight: blockTimeSeconds === undefined ? IN_FLIGHT : ANVIL_IN_FLIGHT, isOurs: false }, seconds, say);
  } finally {
    await anvil.stop();
  }
}

async function setBalance(url: string, address: string): Promise<void> {
  await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'anvil_setBalance', params: [address, `0x${BALANCE_WEI.toString(16)}`] }) });
}

async function loads(name: string, target: EvmTarget, seconds: number, say: (text: string) => void): Promise<EvmFigures[]> {
  const load = new EvmLoad(target, loadAccounts(VALIDATORS, target.chainId));
  const figures: EvmFigures[] = [];
  for (const kind of KINDS) {
    if (kind === 'records' && !target.isOurs) continue;
    const one = await load.measure(kind, seconds);
    say(`${name}, ${kind}: ${one.tps} a second, ${one.cpuMsPerTx} ms of CPU each`);
    figures.push(one);
  }
  return figures;
}

main().then(() => process.exit(0), (error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
