import { sha256 } from '../crypto/hash.js';
import type { Bytes } from '../encoding/index.js';

/** The hashes of the state tree (docs/spec/state.md), over bytes: for those who check proofs. */

/** The root of a tree without leaves: SHA-256 of nothing, as RFC 6962 has it. */
export const EMPTY_STATE_ROOT: Bytes = sha256();

export function leafNodeHash(key: Bytes, value: Bytes): Bytes {
  return sha256(Uint8Array.of(0), key, value);
}

export function innerNodeHash(bit: number, left: Bytes, right: Bytes): Bytes {
  return sha256(Uint8Array.of(1, bit), left, right);
}

/** Bit 0 is the highest of the first byte. */
export function bitOf(key: Bytes, bit: number): 0 | 1 {
  return (((key[bit >> 3] as number) >> (7 - (bit & 7))) & 1) as 0 | 1;
}
