/**
 * The state tree alone: changes per second on a large tree, kept in LMDB as a node keeps it.
 * Run: npx esbuild libs/evm/bench/tree.ts --bundle --platform=node --packages=external --conditions=stele:src --outfile=dist/bench/tree.cjs && node dist/bench/tree.cjs
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '#ledger';
import { Overlay } from '../src/state/overlay.js';
import { StateWriter } from '../src/store/state-writer.js';
import { openTables } from '../src/store/tables.js';

const KEYS = Number(process.env['KEYS'] ?? 200_000);
const PER_BLOCK = Number(process.env['PER_BLOCK'] ?? 1200);
const BLOCKS = 20;

const EMPTY = { account: () => null, storage: () => new Uint8Array(32), codeByHash: () => new Uint8Array(0) };

function addressOf(n: number): Uint8Array {
  const bytes = new Uint8Array(20);
  new DataView(bytes.buffer).setUint32(0, n);
  return bytes;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stele-tree-'));
  const tables = openTables(folder);
  const writer = new StateWriter(tables, null);
  const codeHash = sha256();
  let height = 0n;
  const spent = { update: 0, write: 0, nodes: 0 };
  const block = async (keys: Iterable<number>, counted: boolean): Promise<void> => {
    const overlay = new Overlay(EMPTY);
    for (const n of keys) overlay.setAccount(addressOf(n), { nonce: height + 1n, balance: 0n, codeHash });
    let since = performance.now();
    const result = writer.overlayOf(overlay, EMPTY, height++);
    if (counted) spent.update += performance.now() - since;
    since = performance.now();
    await tables.root.transaction(() => writer.write(result));
    writer.moveTo(result);
    if (counted) spent.write += performance.now() - since;
    if (counted) spent.nodes += result.pages.reduce((sum, page) => sum + (page[0] ?? 0), 0);
  };
  for (let from = 0; from < KEYS; from += 20_000) await block(Array.from({ length: 20_000 }, (_, i) => from + i), false);
  for (let b = 0; b < BLOCKS; b++) await block(new Set(Array.from({ length: PER_BLOCK }, (_, i) => (b * 7919 + i * 104_729) % KEYS)), true);
  const changes = BLOCKS * PER_BLOCK;
  process.stdout.write(
    `${KEYS} keys, ${PER_BLOCK} changes a block: update ${((1000 * spent.update) / changes).toFixed(1)} µs, write ${((1000 * spent.write) / changes).toFixed(1)} µs, ` +
      `${(spent.nodes / changes).toFixed(1)} nodes for each change; ${Math.round(process.memoryUsage().heapUsed / 2 ** 20)} MB of heap, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MB in all\n`,
  );
  await tables.root.close();
  rmSync(folder, { recursive: true, force: true });
}

void main();
