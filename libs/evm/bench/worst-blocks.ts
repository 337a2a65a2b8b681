/**
 * Blocks that fill the block gas limit with the worst of each kind: how long each takes to execute, and whether the worst fits into
 * half of the propose time-out, so that a proposer and then the others can execute it within a round.
 * `npm run bench:worst-blocks`; ONLY=name limits it, REPEAT (default 2) takes the least of so many runs, JSON=1 prints JSON.
 */
import { rmSync } from 'node:fs';
import { DEFAULT_PARAMS, type Bytes } from '#ledger';
import { openTestChain, type TestChain } from '../testing/chain.js';
import { hex, Wallet } from '../testing/wallet.js';
import { OP } from './assembler.js';
import { BIG_CODE, worstCases } from './worst-cases.js';

const REPEAT = Number(process.env['REPEAT'] ?? 2);
const ONLY = process.env['ONLY'] ?? '';
/** Blocks of fresh slots that are committed first: cold reads go through a tree of some 1300 leaves for each. */
const FILL_BLOCKS = Number(process.env['FILL_BLOCKS'] ?? 40);
const BLOCK_GAS = DEFAULT_PARAMS.blockGasLimit;
const RECORDS = '0x00000000000000000000000000000000005e1e03';
const MIB = 2 ** 20;

interface Row {
  name: string;
  /** Processor time, least of the runs, for a whole block of gas: on a machine that does nothing else, about the time by the clock. */
  ms: number;
  /** By the clock. */
  clockMs: number;
  gas: number;
  transactions: number;
}

const addressOf = (n: number | bigint): Bytes => Uint8Array.from(Buffer.from((BigInt(n) + (1n << 150n)).toString(16).padStart(40, '0'), 'hex'));
const bigCode = (): Uint8Array => new Uint8Array(24_576).fill(OP.JUMPDEST).fill(OP.STOP, 0, 1);

async function measure(chain: TestChain, name: string, raws: readonly Bytes[]): Promise<Row> {
  const parent = chain.store.head();
  const transactions = raws.map((raw) => chain.executor.admit(raw));
  let ms = Infinity;
  let clockMs = Infinity;
  let gasUsed = 0n;
  for (let i = 0; i < REPEAT; i++) {
    const began = performance.now();
    const cpu = process.cpuUsage();
    const executed = await chain.executor.executeBlock({ parent, timeMs: parent.timeMs + 1n, transactions });
    const { user, system } = process.cpuUsage(cpu);
    ms = Math.min(ms, (user + system) / 1000);
    clockMs = Math.min(clockMs, performance.now() - began);
    ({ gasUsed } = executed);
  }
  const scale = Number(BLOCK_GAS) / Number(gasUsed);
  return { name, ms: ms * scale, clockMs: clockMs * scale, gas: Number(gasUsed), transactions: raws.length };
}

async function main(): Promise<void> {
  const cases = worstCases();
  const codeAlloc = cases.map(({ code }, i) => ({ address: addressOf(i), balance: 0n, code }));
  const big = { address: Uint8Array.from(Buffer.from(BIG_CODE.toString(16).padStart(40, '0'), 'hex')), balance: 0n, code: bigCode() };
  const chain = await openTestChain({ alloc: [...codeAlloc, big].sort((a, b) => Buffer.compare(a.address, b.address)) });
  const wallet = new Wallet('worst');
  const fresh = addressOf(cases.findIndex(({ name }) => name === 'SSTORE, fresh slots'));
  const filler = new Wallet('filler');
  for (let i = 0; i < FILL_BLOCKS; i++) await chain.commit([await filler.sign({ to: hex(fresh), gas: 15_000_000n - BigInt(i) }), await filler.sign({ to: hex(fresh), gas: 14_900_000n - BigInt(i) })]);
  const rows: Row[] = [];
  const report = (row: Row): void => {
    rows.push(row);
    if (process.env['JSON'] === undefined) process.stdout.write(`${row.name.padEnd(44)} ${Math.round(row.ms).toString().padStart(7)} ms of processor, ${Math.round(row.clockMs)} by the clock   ${(row.gas / 1e6).toFixed(1)} M gas in ${row.transactions}\n`);
  };
  for (const [i, { name, data }] of cases.entries()) {
    if (!name.includes(ONLY)) continue;
    wallet.nonce = 0;
    const raws: Bytes[] = [];
    for (let left = BLOCK_GAS; left > 0n; left -= BLOCK_GAS / 2n) raws.push(await wallet.sign({ to: hex(addressOf(i)), gas: BLOCK_GAS / 2n, ...(data === undefined ? {} : { data: hex(data) }) }));
    report(await measure(chain, name, raws));
  }
  for (const [name, fields] of [
    ['plain transfers', { to: hex(addressOf(1n << 90n)), gas: 21_000n }],
    ['transfers with 100 KB of zeros', { to: hex(addressOf(1n << 90n)), gas: 1_030_000n, data: `0x${'00'.repeat(100_000)}` }],
    ['Records, 32-byte URI', { to: RECORDS, gas: 60_000n, data: `0x${(await recordsData(32)).slice(2)}` }],
    ['Records, 8 KiB URI', { to: RECORDS, gas: 500_000n, data: `0x${(await recordsData(8192)).slice(2)}` }],
  ] as const) {
    if (!name.includes(ONLY)) continue;
    const raws: Bytes[] = [];
    for (let left = BLOCK_GAS, n = 0; left > fields.gas; left -= fields.gas, n++) raws.push(await new Wallet(`w${n % 64} ${name}`).sign({ ...fields, nonce: Math.floor(n / 64) }));
    report(await measure(chain, name, raws));
  }
  await finish(chain, rows);
}

async function recordsData(bytes: number): Promise<string> {
  const { encodeFunctionData, parseAbi } = await import('viem');
  return encodeFunctionData({ abi: parseAbi(['function put(bytes32 key, string uri) returns (uint64)']), functionName: 'put', args: [`0x${'ab'.repeat(32)}`, 'u'.repeat(bytes)] });
}

async function finish(chain: TestChain, rows: readonly Row[]): Promise<void> {
  const budgetMs = DEFAULT_PARAMS.proposeTimeoutMs / 2;
  const sorted = [...rows].sort((a, b) => b.ms - a.ms);
  const over = sorted.filter(({ ms }) => ms > budgetMs);
  if (process.env['JSON'] !== undefined) process.stdout.write(`${JSON.stringify({ budgetMs, rows: sorted }, null, 2)}\n`);
  else {
    process.stdout.write(`\nworst: ${sorted.slice(0, 5).map(({ name, ms }) => `${name} ${Math.round(ms)} ms`).join(', ')}; ${Math.round(process.memoryUsage().rss / MIB)} MB\n`);
    process.stdout.write(over.length === 0 ? `all fit into ${budgetMs} ms\n` : `over ${budgetMs} ms: ${over.map(({ name, ms }) => `${name} ${Math.round(ms)}`).join(', ')}\n`);
  }
  await chain.close();
  rmSync(chain.folder, { recursive: true, force: true });
}

void main();
