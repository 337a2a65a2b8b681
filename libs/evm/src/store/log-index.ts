import { equalBytes, type Bytes, type TxResult } from '#ledger';
import type { LogFilter } from './logs.js';
import type { Table } from './tables.js';

/** Which heights have logs of an address, or with a topic at a position. One entry per block, however many logs. */

const ADDRESS = 0;
/** Any log at all: for filters that name nothing. */
const ANY = 0xff;
const NOTHING: Bytes = new Uint8Array(0);

function indexKey(kind: number, value: Bytes, height: bigint): Buffer {
  const key = Buffer.allocUnsafe(1 + value.length + 8);
  key[0] = kind;
  key.set(value, 1);
  key.writeBigUInt64BE(height, 1 + value.length);
  return key;
}

/** The keys to write for a block. */
export function logIndexKeys(height: bigint, results: readonly TxResult[]): Buffer[] {
  const keys = new Map<string, Buffer>();
  const add = (kind: number, value: Bytes): void => {
    const key = indexKey(kind, value, height);
    keys.set(key.toString('latin1'), key);
  };
  for (const { logs } of results) {
    if (logs.length > 0) add(ANY, NOTHING);
    for (const log of logs) {
      add(ADDRESS, log.address);
      log.topics.forEach((topic, position) => add(position + 1, topic));
    }
  }
  return [...keys.values()];
}

/** Ascending heights of the range that may hold a match. */
export function candidateHeights(table: Table, filter: LogFilter): bigint[] {
  const criteria: { kind: number; values: readonly Bytes[] }[] = [];
  if (filter.addresses !== undefined && filter.addresses.length > 0) criteria.push({ kind: ADDRESS, values: filter.addresses });
  filter.topics?.forEach((values, position) => {
    if (values !== null && values.length > 0) criteria.push({ kind: position + 1, values });
  });
  if (criteria.length === 0) criteria.push({ kind: ANY, values: [NOTHING] });
  let heights: Set<bigint> | null = null;
  for (const { kind, values } of criteria) {
    const found = new Set<bigint>();
    for (const value of values) {
      for (const height of heightsOf(table, kind, value, filter)) if (heights === null || heights.has(height)) found.add(height);
    }
    heights = found;
  }
  return [...(heights ?? [])].sort((a, b) => (a < b ? -1 : 1));
}

function* heightsOf(table: Table, kind: number, value: Bytes, filter: LogFilter): Generator<bigint> {
  const range = { start: indexKey(kind, value, filter.fromHeight), end: indexKey(kind, value, filter.toHeight + 1n) };
  for (const key of table.getKeys(range)) yield key.readBigUInt64BE(key.length - 8);
}

export function matches(log: { address: Bytes; topics: readonly Bytes[] }, filter: LogFilter): boolean {
  const { addresses, topics } = filter;
  if (addresses !== undefined && addresses.length > 0 && !addresses.some((address) => equalBytes(address, log.address))) return false;
  if (topics === undefined) return true;
  return topics.every((values, position) => {
    const topic = log.topics[position];
    if (topic === undefined) return false;
    return values === null || values.length === 0 || values.some((value) => equalBytes(value, topic));
  });
}
