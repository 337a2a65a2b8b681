import { keccak256 as sha3 } from 'js-sha3';
import type { Bytes } from '#ledger';

/** Keccak-256 as Ethereum uses it (the padding of before FIPS 202). js-sha3 is the fastest of what runs on every Node here. */
export function keccak256(bytes: Bytes): Bytes {
  return new Uint8Array(sha3.arrayBuffer(bytes));
}

/** Keccak-256 of no bytes: the code hash of an account without code. */
export const EMPTY_CODE_HASH: Bytes = keccak256(new Uint8Array(0));
