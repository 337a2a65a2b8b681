import { createHash } from 'node:crypto';
import { sha256, type Bytes } from '#ledger';

/** Where a node is stored: the height of the block that made it, and its place among that block's nodes. */
export interface NodeRef {
  height: bigint;
  index: number;
}

export interface Leaf {
  kind: 'leaf';
  hash: Bytes;
  ref: NodeRef | null;
  key: Bytes;
  value: Bytes;
}

/** Everything below agrees in the bits before `bit`; left has it 0, right has it 1. */
export interface Inner {
  kind: 'inner';
  hash: Bytes;
  ref: NodeRef | null;
  bit: number;
  /** A key whose bits before `bit` are the common ones; the rest is of no account. */
  prefix: Bytes;
  left: Node;
  right: Node;
}

/** A node that is known by hash and place, and read when needed. */
export interface Stub {
  kind: 'stub';
  hash: Bytes;
  ref: NodeRef;
}

export type Node = Leaf | Inner | Stub;

/** The root of a tree without leaves: SHA-256 of nothing, as RFC 6962 has it. */
export const EMPTY_ROOT: Bytes = sha256();

const LEAF = Uint8Array.of(0);
const INNER = 1;

export function leafNodeHash(key: Bytes, value: Bytes): Bytes {
  return digest(createHash('sha256').update(LEAF).update(key).update(value).digest());
}

/** One buffer serves all: the hash is taken before the next call fills it. */
const inner = new Uint8Array(66);
inner[0] = INNER;

export function innerNodeHash(bit: number, left: Bytes, right: Bytes): Bytes {
  inner[1] = bit;
  inner.set(left, 2);
  inner.set(right, 34);
  return digest(createHash('sha256').update(inner).digest());
}

function digest(buffer: Buffer): Bytes {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

export function bitOf(key: Bytes, bit: number): 0 | 1 {
  return (((key[bit >> 3] as number) >> (7 - (bit & 7))) & 1) as 0 | 1;
}

/** How many leading bits two 32-byte keys share; 256 when they are equal. */
export function sharedBits(a: Bytes, b: Bytes): number {
  for (let i = 0; i < 32; i++) {
    const difference = (a[i] as number) ^ (b[i] as number);
    if (difference !== 0) return 8 * i + Math.clz32(difference) - 24;
  }
  return 256;
}
