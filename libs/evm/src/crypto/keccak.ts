import { keccak256 as sha3 } from 'js-sha3';
import { native, SCRATCH, type Bytes } from '#ledger';

/**
 * Keccak-256 as Ethereum uses it (the padding of before FIPS 202): native where it was built, else js-sha3,
 * the fastest of what runs on every Node here.
 */
export function keccak256(bytes: Bytes): Bytes {
  if (native === null) return new Uint8Array(sha3.arrayBuffer(bytes));
  native.keccak256(bytes);
  return native.scratch.slice(SCRATCH.hash, SCRATCH.hash + 32);
}

/** Keccak-256 of no bytes: the code hash of an account without code. */
export const EMPTY_CODE_HASH: Bytes = keccak256(new Uint8Array(0));
