import type { Bytes } from '#ledger';
import type { Table } from './tables.js';

/**
 * An index whose writes are all at the end: a block's entries are one sorted run, and runs of one size are merged into larger
 * ones (a log-structured merge tree). A B-tree keyed by hashes would write one whole page for each entry.
 *
 * An entry is `prefix[8] | place[8]`: the first bytes of a hash, and what the caller wants to find by it, ascending. Prefixes may
 * meet, so who looks something up checks what it finds.
 */
export const ENTRY_BYTES = 16;

/** Sixteen runs of a level become one of the next; from this level on runs stay as they are. */
const FAN_OUT = 16;
const LAST_LEVEL = 2;
const PAGE_ENTRIES = 248;
const FENCE_BYTES = 8;
const LEAST = Buffer.alloc(8);
const GREATEST = Buffer.alloc(8, 0xff);

interface Run {
  level: number;
  sequence: number;
  /** The least and the greatest place. */
  from: Buffer;
  to: Buffer;
  /** The first prefix of each page. */
  fences: Buffer;
}

class MissingPage extends Error {}

export class RunIndex {
  private runs: readonly Run[] | undefined;
  private pending: readonly Run[] | undefined;
  private next = 0;

  /**
   * @param pages `space u8 | level u8 | sequence u48 | page u32` → entries.
   * @param fences the same without the page → least place, greatest place, first prefix of each page.
   */
  constructor(
    private readonly pages: Table,
    private readonly fences: Table,
    private readonly space: number,
  ) {}

  /** Queues the writes of one block's entries, of which there is at least one; to be called inside a transaction, and `settle` after it. */
  add(entries: Bytes): void {
    let left = this.all();
    let merged = sorted(entries);
    let level = 0;
    for (; level < LAST_LEVEL; level++) {
      const same = left.filter((run) => run.level === level);
      if (same.length + 1 < FAN_OUT) break;
      merged = mergeAll([...same.map((run) => this.entriesOf(run)), merged]);
      for (const run of same) this.remove(run);
      left = left.filter((run) => run.level !== level);
    }
    this.pending = [...left, this.put(level, merged)];
  }

  /** The transaction is durable: readers see what it wrote. */
  settle(): void {
    this.runs = this.pending ?? this.runs;
    this.pending = undefined;
  }

  /** The places of all entries with this prefix, both bounds included, in no order. */
  find(prefix: Bytes, from: Bytes = LEAST, to: Bytes = GREATEST): Buffer[] {
    try {
      return this.search(prefix, from, to);
    } catch (error) {
      if (!(error instanceof MissingPage)) throw error;
      // A transaction that merged runs is readable a moment before `settle`: then the list of what is stored is read again.
      this.runs = undefined;
      return this.search(prefix, from, to);
    }
  }

  private search(prefix: Bytes, from: Bytes, to: Bytes): Buffer[] {
    const found: Buffer[] = [];
    for (const run of this.all()) {
      if (run.to.compare(from) < 0 || run.from.compare(to) > 0) continue;
      for (let page = this.firstPage(run, prefix); page < run.fences.length / FENCE_BYTES; page++) {
        const entries = this.page(run, page);
        let at = lowerBound(entries, prefix);
        for (; at < entries.length && comparePrefix(entries, at, prefix) === 0; at += ENTRY_BYTES) {
          const place = entries.subarray(at + 8, at + ENTRY_BYTES);
          if (place.compare(from) >= 0 && place.compare(to) <= 0) found.push(Buffer.from(place));
        }
        if (at < entries.length) break;
      }
    }
    return found;
  }

  /** The last page that begins below the prefix may hold its first entry. */
  private firstPage({ fences }: Run, prefix: Bytes): number {
    let low = 0;
    let high = fences.length / FENCE_BYTES;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (comparePrefix(fences, middle * FENCE_BYTES, prefix) < 0) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  private all(): readonly Run[] {
    if (this.runs !== undefined) return this.runs;
    const runs: Run[] = [];
    const range = { start: Buffer.of(this.space), end: Buffer.of(this.space + 1) };
    for (const { key, value } of this.fences.getRange(range)) {
      const sequence = key.readUIntBE(2, 6);
      const own = Buffer.from(value);
      runs.push({ level: key[1] as number, sequence, from: own.subarray(0, 8), to: own.subarray(8, 16), fences: own.subarray(16) });
      this.next = Math.max(this.next, sequence + 1);
    }
    return (this.runs = runs);
  }

  private put(level: number, entries: Buffer): Run {
    const sequence = this.next++;
    const count = Math.ceil(entries.length / ENTRY_BYTES / PAGE_ENTRIES);
    const fences = Buffer.alloc(count * FENCE_BYTES);
    const run: Run = { level, sequence, ...boundsOf(entries), fences };
    for (let page = 0; page < count; page++) {
      const from = page * PAGE_ENTRIES * ENTRY_BYTES;
      fences.set(entries.subarray(from, from + FENCE_BYTES), page * FENCE_BYTES);
      void this.pages.put(this.pageKey(run, page), entries.subarray(from, from + PAGE_ENTRIES * ENTRY_BYTES));
    }
    void this.fences.put(this.runKey(run), Buffer.concat([run.from, run.to, fences]));
    return run;
  }

  private remove(run: Run): void {
    for (let page = 0; page < run.fences.length / FENCE_BYTES; page++) void this.pages.remove(this.pageKey(run, page));
    void this.fences.remove(this.runKey(run));
  }

  private entriesOf(run: Run): Buffer {
    return Buffer.concat(Array.from({ length: run.fences.length / FENCE_BYTES }, (_, page) => Buffer.from(this.page(run, page))));
  }

  /** A view that holds until the next read of the store. */
  private page(run: Run, page: number): Buffer {
    const entries = this.pages.getBinaryFast(this.pageKey(run, page));
    if (entries === undefined) throw new MissingPage(`page ${page} of run ${run.sequence} is missing from the index`);
    // The library's buffer is longer than its length says.
    return entries.subarray(0, entries.length);
  }

  private runKey({ level, sequence }: Run): Buffer {
    const key = Buffer.allocUnsafe(8);
    key[0] = this.space;
    key[1] = level;
    key.writeUIntBE(sequence, 2, 6);
    return key;
  }

  private pageKey(run: Run, page: number): Buffer {
    const key = Buffer.allocUnsafe(12);
    this.runKey(run).copy(key);
    key.writeUInt32BE(page, 8);
    return key;
  }
}

function boundsOf(entries: Buffer): { from: Buffer; to: Buffer } {
  let from: Buffer = GREATEST;
  let to: Buffer = LEAST;
  for (let at = 8; at < entries.length; at += ENTRY_BYTES) {
    const place = entries.subarray(at, at + 8);
    if (place.compare(from) < 0) from = place;
    if (place.compare(to) > 0) to = place;
  }
  return { from: Buffer.from(from), to: Buffer.from(to) };
}

function comparePrefix(entries: Uint8Array, at: number, prefix: Bytes): number {
  for (let i = 0; i < 8; i++) {
    const difference = (entries[at + i] as number) - (prefix[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Where the first entry stands whose prefix is not below. */
function lowerBound(entries: Uint8Array, prefix: Bytes): number {
  let low = 0;
  let high = entries.length / ENTRY_BYTES;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (comparePrefix(entries, middle * ENTRY_BYTES, prefix) < 0) low = middle + 1;
    else high = middle;
  }
  return low * ENTRY_BYTES;
}

function sorted(entries: Bytes): Buffer {
  const bytes = Buffer.from(entries.buffer, entries.byteOffset, entries.length);
  const order = Array.from({ length: bytes.length / ENTRY_BYTES }, (_, i) => bytes.subarray(i * ENTRY_BYTES, (i + 1) * ENTRY_BYTES));
  return Buffer.concat(order.sort((a, b) => a.compare(b)));
}

/** Pairs of runs, until one is left. */
function mergeAll(runs: Buffer[]): Buffer {
  let left = runs;
  while (left.length > 1) {
    const next: Buffer[] = [];
    for (let i = 0; i < left.length; i += 2) next.push(i + 1 < left.length ? merge(left[i] as Buffer, left[i + 1] as Buffer) : (left[i] as Buffer));
    left = next;
  }
  return left[0] ?? Buffer.alloc(0);
}

function merge(a: Buffer, b: Buffer): Buffer {
  const out = Buffer.allocUnsafe(a.length + b.length);
  let i = 0;
  let j = 0;
  let at = 0;
  while (i < a.length && j < b.length) {
    // Only the order of prefixes matters; those that are equal may stand in any.
    if (before(a, i, b, j)) {
      a.copy(out, at, i, i + ENTRY_BYTES);
      i += ENTRY_BYTES;
    } else {
      b.copy(out, at, j, j + ENTRY_BYTES);
      j += ENTRY_BYTES;
    }
    at += ENTRY_BYTES;
  }
  a.copy(out, at, i);
  b.copy(out, at + a.length - i, j);
  return out;
}

function before(a: Buffer, i: number, b: Buffer, j: number): boolean {
  const high = a.readUInt32BE(i) - b.readUInt32BE(j);
  return high !== 0 ? high < 0 : a.readUInt32BE(i + 4) <= b.readUInt32BE(j + 4);
}
