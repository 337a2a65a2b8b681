/**
 * What the disk holds after blocks that change the same keys again and again, with all states kept and with those of the last blocks.
 * `npm run bench:history -- --json`; SLOTS, BLOCKS, PER_BLOCK and HISTORY say how much.
 */
import { statSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes } from '#ledger';
import { openTestChain } from '../testing/chain.js';
import { CHURN, churn, numbers } from '../testing/churn.js';
import { censusOf } from '../testing/stored-nodes.js';
import { Wallet } from '../testing/wallet.js';
import { openTables } from '../src/store/tables.js';

const setting = (name: string, fallback: number): number => Number(process.env[name] ?? fallback);
const SLOTS = setting('SLOTS', 5000);
const BLOCKS = setting('BLOCKS', 600);
const PER_BLOCK = setting('PER_BLOCK', 100);
const HISTORY = setting('HISTORY', 128);

interface Figures {
  history: number | 'archive';
  fileMb: number;
  /** Half of the way and at the end: what grows for ever, and what does not. */
  fileMbAtHalf: number;
  stateMb: number;
  nodes: number;
  committedMs: number;
  /** After the last block, until nothing was left to prune. */
  settledMs: number;
}

async function main(): Promise<void> {
  const blocks: Bytes[][] = [];
  const wallet = new Wallet('history');
  const next = numbers(1);
  for (let slot = 0; slot < SLOTS; slot += 200) blocks.push(await Promise.all(Array.from({ length: Math.min(200, SLOTS - slot) }, (_, i) => churn(wallet, slot + i, 1))));
  for (let i = 0; i < BLOCKS; i++) {
    const raws: Bytes[] = [];
    for (let n = 0; n < PER_BLOCK; n++) raws.push(await churn(wallet, next(SLOTS), 1 + next(1_000_000)));
    blocks.push(raws);
  }
  const figures = [await measure(blocks, 'archive'), await measure(blocks, HISTORY)];
  if (process.argv.includes('--json')) console.log(JSON.stringify({ slots: SLOTS, blocks: blocks.length, perBlock: PER_BLOCK, runs: figures }));
  else console.table(figures);
}

async function measure(blocks: readonly Bytes[][], history: number | 'archive'): Promise<Figures> {
  const chain = await openTestChain({ alloc: [CHURN] }, history);
  const sizeMb = (): number => statSync(join(chain.folder, 'data.mdb')).size / 1e6;
  const beganMs = performance.now();
  let fileMbAtHalf = 0;
  for (const [i, raws] of blocks.entries()) {
    await chain.commit(raws);
    if (i === blocks.length >> 1) fileMbAtHalf = sizeMb();
    // A chain gives the event loop back between its blocks; so does this, for a third of the time that the block took.
    if (i % 8 === 7) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const committedMs = performance.now() - beganMs;
  await chain.pruned();
  const settledMs = performance.now() - beganMs - committedMs;
  const fileMb = sizeMb();
  await chain.close();
  const { needed } = await censusOf(chain.folder);
  const tables = openTables(chain.folder);
  let stateBytes = 0;
  for (const { value } of tables.nodes.getRange({})) stateBytes += value.length;
  await tables.root.close();
  rmSync(chain.folder, { recursive: true, force: true });
  const mb = (value: number): number => Math.round(value * 10) / 10;
  return { history, fileMb: mb(fileMb), fileMbAtHalf: mb(fileMbAtHalf), stateMb: mb(stateBytes / 1e6), nodes: needed, committedMs: Math.round(committedMs), settledMs: Math.round(settledMs) };
}

void main();
