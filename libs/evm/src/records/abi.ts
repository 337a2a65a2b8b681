import { utf8, type Bytes } from '#ledger';
import { keccak256 } from '../crypto/keccak.js';

/** The little of the contract ABI that a native contract needs: static words, dynamic tails, arrays of both. */

const WORD = 32;
/** No count or place is greater; whatever is counts as this. */
const MOST = 2 ** 48;

/** First four bytes of the Keccak-256 of a function's signature, as a number. */
export function selectorOf(signature: string): number {
  const hash = keccak256(utf8(signature));
  return new DataView(hash.buffer, hash.byteOffset).getUint32(0);
}

/** Reads call data from a place on, after the selector by default; null from any method means that it is malformed. */
export class AbiReader {
  constructor(
    private readonly data: Bytes,
    /** What offsets count from. */
    private readonly base = 4,
  ) {}

  word(index: number): Bytes | null {
    const start = this.base + index * WORD;
    return start + WORD > this.data.length ? null : this.data.subarray(start, start + WORD);
  }

  /** A `uint64`; more than 2^48 is told as 2^48, of which there is none anyway. */
  count(index: number): number | null {
    const word = this.word(index);
    if (word === null) return null;
    for (let i = 0; i < 24; i++) if (word[i] !== 0) return null;
    if (word[24] !== 0 || word[25] !== 0) return MOST;
    return new DataView(word.buffer, word.byteOffset + 26, 6).getUint16(0) * 2 ** 32 + new DataView(word.buffer, word.byteOffset + 28, 4).getUint32(0);
  }

  /** The 20 bytes of an `address`. */
  address(index: number): Bytes | null {
    const word = this.word(index);
    if (word === null) return null;
    for (let i = 0; i < 12; i++) if (word[i] !== 0) return null;
    return word.subarray(12);
  }

  /** `bytes` or `string`, whose offset stands at `index`. */
  tail(index: number): Bytes | null {
    const offset = this.count(index);
    if (offset === null || offset % WORD !== 0) return null;
    const length = this.count(offset / WORD);
    const start = this.base + offset + WORD;
    return length === null || start + length > this.data.length ? null : this.data.subarray(start, start + length);
  }

  /** An array whose offset stands at `index`: how many items, and a reader that begins at the first. */
  array(index: number): { length: number; items: AbiReader } | null {
    const offset = this.count(index);
    if (offset === null || offset % WORD !== 0) return null;
    const length = this.count(offset / WORD);
    const start = this.base + offset + WORD;
    // Each item has a word at least, be it an offset.
    return length === null || start + length * WORD > this.data.length ? null : { length, items: new AbiReader(this.data, start) };
  }
}

/** Words one after another: numbers and bigints (below 2^53) right-aligned, 20-byte addresses too, 32 bytes as they are. */
export function encodeWords(...values: readonly (number | bigint | Bytes)[]): Bytes {
  const out = new Uint8Array(values.length * WORD);
  for (let i = 0; i < values.length; i++) putWord(out, i * WORD, values[i] as number | bigint | Bytes);
  return out;
}

/** What a function returns whose only value is an array of items of static size; `words` are those of all items. */
export function encodeArray(length: number, words: readonly (number | Bytes)[]): Bytes {
  return encodeWords(WORD, length, ...words);
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
