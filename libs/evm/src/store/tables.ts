import { open, type Database, type RootDatabase } from 'lmdb';
import type { Bytes } from '#ledger';

export type Table = Database<Buffer, Buffer>;

/** The LMDB environment's tables. Keys and values are bytes; integers are big-endian, so that order is numeric. */
export interface Tables {
  readonly root: RootDatabase<Buffer, Buffer>;
  /** 'format', 'genesis' (canonical bytes), 'head', 'base', 'history', 'swept' (heights, u64). */
  readonly meta: Table;
  /** height → canonical block. */
  readonly blocks: Table;
  /** height → canonical header, as it stands in the block: most readers need no more. */
  readonly headers: Table;
  /** height → canonical commit certificate. */
  readonly certificates: Table;
  /** height → results (result-codec.ts). */
  readonly results: Table;
  /** block hash → height. */
  readonly heights: Table;
  /** Runs of the indexes by transaction hash and by log (run-index.ts), and the fences of each. */
  readonly runs: Table;
  readonly fences: Table;
  /** Keccak-256 → code. */
  readonly codes: Table;
  /** height u64 ‖ page u32 → tree nodes (node-pages.ts). */
  readonly nodes: Table;
  /** height u64 ‖ page u32 → which nodes of the page no kept state has any more, as bits of a u32 (sweep.ts). */
  readonly dead: Table;
  /** height → root hash[32], then the root node's height u64 ‖ index u32 unless the tree is empty. */
  readonly roots: Table;
  /** height → the change of validators that its block brought (`encodeValidatorChange`). */
  readonly validatorChanges: Table;
  /** height → parameters of the heights above it, where they are others than its own. */
  readonly params: Table;
}

/** @param readOnly for a worker thread: it shares the environment that the main thread has open, and may not write. */
export function openTables(folder: string, readOnly = false): Tables {
  const root = open<Buffer, Buffer>(folder, { maxDbs: 16, encoding: 'binary', keyEncoding: 'binary', noSubdir: false, cache: false, readOnly });
  const table = (name: string): Table => root.openDB<Buffer, Buffer>(name, { encoding: 'binary', keyEncoding: 'binary', cache: false });
  return {
    root, meta: table('meta'), blocks: table('blocks'), headers: table('headers'), certificates: table('certificates'), results: table('results'), heights: table('heights'),
    runs: table('runs'), fences: table('fences'), codes: table('codes'),
    nodes: table('nodes'), dead: table('dead'), roots: table('roots'), validatorChanges: table('validatorChanges'), params: table('params'),
  };
}

/** A Buffer over the same bytes: LMDB's binding wants one. */
export function asBuffer(bytes: Bytes): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

export function heightKey(height: bigint): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeBigUInt64BE(height);
  return key;
}

/** height u64 ‖ index u32. */
export function placeKey(height: bigint, index: number): Buffer {
  const key = Buffer.allocUnsafe(12);
  key.writeBigUInt64BE(height);
  key.writeUInt32BE(index, 8);
  return key;
}

/** Bytes that are safe to keep: LMDB's buffers may be views of a shared one. */
export function ownBytes(buffer: Buffer): Bytes {
  return new Uint8Array(buffer);
}
