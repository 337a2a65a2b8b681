import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256, type Bytes } from '#ledger';
import { heightPlace } from './places.js';
import { ENTRY_BYTES, RunIndex } from './run-index.js';
import { openTables, type Tables } from './tables.js';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

/** Few prefixes, so that they meet. */
function prefixOf(n: number): Bytes {
  return sha256(Uint8Array.of(n & 0xff, n >> 8)).subarray(0, 8);
}

function entriesOf(height: bigint, keys: readonly number[]): Bytes {
  const entries = new Uint8Array(keys.length * ENTRY_BYTES);
  keys.forEach((key, i) => {
    entries.set(prefixOf(key), i * ENTRY_BYTES);
    entries.set(heightPlace(height, i), i * ENTRY_BYTES + 8);
  });
  return entries;
}

describe('run index', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stele-runs-'));
  let tables: Tables;
  beforeAll(() => void (tables = openTables(folder)));
  afterAll(async () => {
    await tables.root.close();
    rmSync(folder, { recursive: true });
  });

  test(`finds every entry of 600 blocks, in its own space only, also after it was opened again (seed ${SEED})`, async () => {
    let state = SEED;
    const random = (below: number): number => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) % below;
    const model = new Map<number, string[]>();
    let index = new RunIndex(tables.runs, tables.fences, 3);
    const other = new RunIndex(tables.runs, tables.fences, 4);
    for (let height = 1n; height <= 600n; height++) {
      const keys = Array.from({ length: height % 50n === 0n ? 900 : 1 + random(8) }, () => random(500));
      keys.forEach((key, i) => model.set(key, [...(model.get(key) ?? []), heightPlace(height, i).toString('hex')]));
      await tables.root.transaction(() => {
        index.add(entriesOf(height, keys));
        other.add(entriesOf(height, [height === 7n ? 77 : 1]));
      });
      // Between the transaction and `settle` everything that was there before is still found.
      if (random(10) === 0) expect(index.find(prefixOf(keys[0] as number)).length).toBeGreaterThanOrEqual((model.get(keys[0] as number) as string[]).length - keys.length);
      index.settle();
      other.settle();
      if (random(40) === 0) index = new RunIndex(tables.runs, tables.fences, 3);
    }
    const found = (key: number, ...range: Bytes[]): string[] => index.find(prefixOf(key), ...range).map((place) => place.toString('hex')).sort();
    for (let key = 0; key < 500; key++) expect(found(key)).toEqual([...(model.get(key) ?? [])].sort());
    const [from, to] = [heightPlace(100n), heightPlace(300n, 0xff_ffff)];
    for (let key = 0; key < 500; key += 7) {
      expect(found(key, from, to)).toEqual((model.get(key) ?? []).filter((place) => place >= from.toString('hex') && place <= to.toString('hex')).sort());
    }
    expect(found(501)).toEqual([]);
    expect(other.find(prefixOf(77)).map((place) => place.readUIntBE(0, 5))).toEqual([7]);
    expect(other.find(prefixOf(1))).toHaveLength(599);
    // Sixteen runs of a level are merged: 600 blocks leave few.
    expect([...tables.fences.getKeys({ start: Buffer.of(3), end: Buffer.of(4) })].length).toBeLessThan(40);
  });
});
