import { equalBytes, sha256, type Bytes, type TxResult } from '#ledger';
import type { LogFilter } from './logs.js';
import { heightPlace, LAST_INDEX } from './places.js';
import { ENTRY_BYTES, type RunIndex } from './run-index.js';

/** Which heights have logs of an address, or with a topic at a position. One entry per block, however many logs. */

const ADDRESS = 0;
/** Any log at all: for filters that name nothing. */
const ANY = 0xff;
const NOTHING: Bytes = new Uint8Array(0);

/** A kind (0 address, 1–4 topic by position, 255 any log) with its value, as a prefix of the index. */
function prefixOf(kind: number, value: Bytes): Bytes {
  return sha256(Uint8Array.of(kind), value).subarray(0, 8);
}

/** What a block adds to the index; empty where it has no logs. */
export function logEntries(height: bigint, results: readonly TxResult[]): Bytes {
  const prefixes = new Map<string, Bytes>();
  const add = (kind: number, value: Bytes): void => {
    const prefix = prefixOf(kind, value);
    prefixes.set(Buffer.from(prefix).toString('latin1'), prefix);
  };
  for (const { logs } of results) {
    if (logs.length > 0 && prefixes.size === 0) add(ANY, NOTHING);
    let before: Bytes | null = null;
    for (const log of logs) {
      if (before === null || !equalBytes(before, log.address)) add(ADDRESS, log.address);
      before = log.address;
      log.topics.forEach((topic, position) => add(position + 1, topic));
    }
  }
  const entries = new Uint8Array(prefixes.size * ENTRY_BYTES);
  const place = heightPlace(height);
  let at = 0;
  for (const prefix of prefixes.values()) {
    entries.set(prefix, at);
    entries.set(place, at + 8);
    at += ENTRY_BYTES;
  }
  return entries;
}

/** Ascending heights of the range that may hold a match; some may not. */
export function candidateHeights(index: RunIndex, filter: LogFilter): bigint[] {
  const criteria: { kind: number; values: readonly Bytes[] }[] = [];
  if (filter.addresses !== undefined && filter.addresses.length > 0) criteria.push({ kind: ADDRESS, values: filter.addresses });
  filter.topics?.forEach((values, position) => {
    if (values !== null && values.length > 0) criteria.push({ kind: position + 1, values });
  });
  if (criteria.length === 0) criteria.push({ kind: ANY, values: [NOTHING] });
  if (filter.toHeight < filter.fromHeight) return [];
  const from = heightPlace(filter.fromHeight);
  const to = heightPlace(filter.toHeight, LAST_INDEX);
  let heights: Set<number> | null = null;
  for (const { kind, values } of criteria) {
    const found = new Set<number>();
    for (const value of values) {
      for (const place of index.find(prefixOf(kind, value), from, to)) {
        const height = place.readUIntBE(0, 5);
        if (heights === null || heights.has(height)) found.add(height);
      }
    }
    heights = found;
  }
  return [...(heights ?? [])].sort((a, b) => a - b).map(BigInt);
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
