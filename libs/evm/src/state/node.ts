import { sha256, type Bytes } from '#ledger';

/** Where a node is stored: the height of the block that made it, and its place among that block's nodes. */
export interface NodeRef {
  height: number;
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
  /** Begins with the common bits; what follows them is of no account, and may be cut off. */
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

export function leafNodeHash(key: Bytes, value: Bytes): Bytes {
  const bytes = new Uint8Array(33 + value.length);
  bytes.set(key, 1);
  bytes.set(value, 33);
  return sha256(bytes);
}

/** One buffer serves all: the hash is taken before the next call fills it. */
const inner = new Uint8Array(66);
inner[0] = 1;

export function innerNodeHash(bit: number, left: Bytes, right: Bytes): Bytes {
  inner[1] = bit;
  inner.set(left, 2);
  inner.set(right, 34);
  return sha256(inner);
}

export function bitOf(key: Bytes, bit: number): 0 | 1 {
  return (((key[bit >> 3] as number) >> (7 - (bit & 7))) & 1) as 0 | 1;
}

/** How many leading bits two keys share, at most `limit`; either may be cut off after the limit. */
export function sharedBits(a: Bytes, b: Bytes, limit = 256): number {
  for (let i = 0; 8 * i < limit; i++) {
    const difference = (a[i] as number) ^ (b[i] as number);
    if (difference !== 0) return Math.min(limit, 8 * i + Math.clz32(difference) - 24);
  }
  return limit;
}
