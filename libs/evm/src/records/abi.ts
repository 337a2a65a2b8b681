import { utf8, type Bytes } from '#ledger';
import { keccak256 } from '../crypto/keccak.js';

/** The little of the contract ABI that a native contract needs: static words, one dynamic tail. */

const WORD = 32;

/** First four bytes of the Keccak-256 of a function's signature, as a number. */
export function selectorOf(signature: string): number {
  const hash = keccak256(utf8(signature));
  return new DataView(hash.buffer, hash.byteOffset).getUint32(0);
}

/** Reads call data after the selector; null from any method means that it is malformed. */
export class AbiReader {
  constructor(private readonly data: Bytes) {}

  word(index: number): Bytes | null {
    const start = 4 + index * WORD;
    return start + WORD > this.data.length ? null : this.data.subarray(start, start + WORD);
  }

  /** An unsigned integer that fits into 48 bits. */
  count(index: number): number | null {
    const word = this.word(index);
    if (word === null) return null;
    for (let i = 0; i < 26; i++) if (word[i] !== 0) return null;
    return new DataView(word.buffer, word.byteOffset + 26, 6).getUint16(0) * 2 ** 32 + new DataView(word.buffer, word.byteOffset + 28, 4).getUint32(0);
  }

  /** `bytes` or `string`, whose offset stands at `index`. */
  tail(index: number): Bytes | null {
    const offset = this.count(index);
    if (offset === null || offset % WORD !== 0) return null;
    const length = this.count(offset / WORD);
    const start = 4 + offset + WORD;
    return length === null || start + length > this.data.length ? null : this.data.subarray(start, start + length);
  }
}

/** Words one after another: numbers and bigints (below 2^53) right-aligned, 20-byte addresses too, 32 bytes as they are. */
export function encodeWords(...values: readonly (number | bigint | Bytes)[]): Bytes {
  const out = new Uint8Array(values.length * WORD);
  for (let i = 0; i < values.length; i++) putWord(out, i * WORD, values[i] as number | bigint | Bytes);
  return out;
}

function putWord(out: Uint8Array, at: number, value: number | bigint | Bytes): void {
  if (typeof value === 'object') {
    out.set(value, at + WORD - value.length);
    return;
  }
  let rest = Number(value);
  for (let i = at + WORD - 1; rest > 0; i--) {
    out[i] = rest & 0xff;
    rest = Math.floor(rest / 256);
  }
}

/** Head words, then one dynamic value whose offset is the last head word. */
export function encodeWithTail(head: readonly (number | bigint | Bytes)[], tail: Bytes): Bytes {
  const body = (head.length + 2) * WORD;
  const out = new Uint8Array(body + Math.ceil(tail.length / WORD) * WORD);
  for (let i = 0; i < head.length; i++) putWord(out, i * WORD, head[i] as number | bigint | Bytes);
  putWord(out, body - 2 * WORD, (head.length + 1) * WORD);
  putWord(out, body - WORD, tail.length);
  out.set(tail, body);
  return out;
}

/** Revert data of `require(false, reason)`: `Error(string)`. */
export function encodeReason(reason: string): Bytes {
  const body = encodeWithTail([], utf8(reason));
  const out = new Uint8Array(4 + body.length);
  out.set([0x08, 0xc3, 0x79, 0xa0]);
  out.set(body, 4);
  return out;
}
