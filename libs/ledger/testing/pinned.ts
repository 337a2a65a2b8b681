import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Compares a value with the JSON kept in testdata. With UPDATE_VECTORS=1 it writes the file instead: a change of a pinned
 * format is then seen, and judged, in the diff.
 * @returns the pinned value, to compare with.
 */
export function pinned(name: string, value: unknown): unknown {
  const path = join(__dirname, '..', 'testdata', `${name}.json`);
  if (process.env['UPDATE_VECTORS'] === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
  }
  if (!existsSync(path)) throw new Error(`testdata/${name}.json is missing; UPDATE_VECTORS=1 writes it`);
  return JSON.parse(readFileSync(path, 'utf8'));
}
