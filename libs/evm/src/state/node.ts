import { native, sha256, type Bytes } from '#ledger';

/**
 * Nodes of the state tree. Keys, values and hashes are latin1 strings, a character for each byte: in memory a fifth of what byte
 * arrays take, in the order of the bytes, and compared by the engine itself. `bytesOf` and `textOf` translate at the edges.
 *
 * A node stands where the block that made it has put it: its height, and its place among that block's nodes; −1 before that.
 */
export interface Leaf {
  kind: 'leaf';
  hash: string;
  height: number;
  index: number;
  /** 32 characters. */
  key: string;
  value: string;
}

/** Everything below agrees in the bits before `bit`; left has it 0, right has it 1. */
export interface Inner {
  kind: 'inner';
  hash: string;
  height: number;
  index: number;
  bit: number;
  /** Begins with the common bits; what follows them is of no account, and may be cut off. */
  prefix: string;
  left: Node;
  right: Node;
}

/** A node that is known by hash and place, and read when needed. */
export interface Stub {
  kind: 'stub';
  hash: string;
  height: number;
  index: number;
}

export type Node = Leaf | Inner | Stub;

/** Node's own routines, without the argument checks of `toString` and `write`. */
const { latin1Slice, latin1Write } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, from: number, to: number): string;
  latin1Write(this: Uint8Array, text: string, at: number, length: number): number;
};

export function textOf(bytes: Bytes, from = 0, to = bytes.length): string {
  return latin1Slice.call(bytes, from, to);
}

/** Writes the first characters of a text as bytes; answers how many. */
export function putText(target: Uint8Array, text: string, at: number, length: number): number {
  return latin1Write.call(target, text, at, length);
}

export function bytesOf(text: string): Bytes {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

export function leafHash(key: string, value: string): string {
  if (native !== null) return native.leafText(key, value);
  return textOf(sha256(Buffer.from(`\0${key}${value}`, 'latin1')));
}

export function innerHash(bit: number, left: string, right: string): string {
  if (native !== null) return native.innerText(bit, left, right);
  return textOf(sha256(Buffer.from(`\x01${String.fromCharCode(bit)}${left}${right}`, 'latin1')));
}

export function bitOfText(key: string, bit: number): 0 | 1 {
  return ((key.charCodeAt(bit >> 3) >> (7 - (bit & 7))) & 1) as 0 | 1;
}

/** How many leading bits two keys share, at most `limit`; either may be cut off after the limit. */
export function sharedBits(a: string, b: string, limit = 256): number {
  for (let i = 0; 8 * i < limit; i++) {
    const difference = a.charCodeAt(i) ^ b.charCodeAt(i);
    if (difference !== 0) return Math.min(limit, 8 * i + Math.clz32(difference) - 24);
  }
  return limit;
}
