import { equalBytes, native, SCRATCH, sha256, type Bytes, type Log } from '#ledger';
import { bytesOf, putText, textOf } from '../state/node.js';
import type { LogFilter } from './logs.js';
import { heightPlace, LAST_INDEX } from './places.js';
import { ENTRY_BYTES, type RunIndex } from './run-index.js';

/** Which heights have logs of an address, or with a topic at a position. One entry per block, however many logs. */

const ADDRESS = 0;
/** Any log at all: for filters that name nothing. */
const ANY = 0xff;
const NOTHING: Bytes = new Uint8Array(0);

const scratch = new Uint8Array(33);

/** A kind (0 address, 1–4 topic by position, 255 any log) with its value: the first eight bytes of their hash, as latin1 text. */
function prefixOf(kind: number, value: Bytes): string {
  scratch[0] = kind;
  scratch.set(value, 1);
  if (native === null) return textOf(sha256(scratch.subarray(0, 1 + value.length)), 0, 8);
  native.sha256(scratch, 1 + value.length);
  return textOf(native.scratch, SCRATCH.hash, SCRATCH.hash + 8);
}

/** Adds what these logs are found by to a block's. */
export function addLogPrefixes(prefixes: Set<string>, logs: readonly Log[]): void {
  if (logs.length > 0 && prefixes.size === 0) prefixes.add(prefixOf(ANY, NOTHING));
  for (const { address, topics } of logs) {
    prefixes.add(prefixOf(ADDRESS, address));
    for (let position = 0; position < topics.length; position++) prefixes.add(prefixOf(position + 1, topics[position] as Bytes));
  }
}

/** What a block adds to the index; empty where it has no logs. */
export function logEntries(height: bigint, prefixes: ReadonlySet<string>): Bytes {
  const entries = new Uint8Array(prefixes.size * ENTRY_BYTES);
  const place = heightPlace(height);
  let at = 0;
  for (const prefix of prefixes) {
    putText(entries, prefix, at, 8);
    entries.set(place, at + 8);
    at += ENTRY_BYTES;
  }
  return entries;
}

/** Ascending heights of the range that may hold a match; some may not. Yields after each value that it looked up. */
export function* candidateHeights(index: RunIndex, filter: LogFilter): Generator<void, bigint[]> {
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
      for (const place of index.find(bytesOf(prefixOf(kind, value)), from, to)) {
        const height = place.readUIntBE(0, 5);
        if (heights === null || heights.has(height)) found.add(height);
      }
      yield;
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
