import { sha256 } from '../crypto/hash.js';
import type { Bytes } from '../encoding/index.js';

/** What the state tree's keys and values are, byte by byte (docs/spec/state.md). */

/** What the state holds of one account. */
export interface AccountState {
  nonce: bigint;
  /** In wei. */
  balance: bigint;
  /** Keccak-256 of the code; that of nothing for an account without. */
  codeHash: Bytes;
}

/** What a leaf of the state tree stands for. */
export type StateKey = { kind: 'account'; address: Bytes } | { kind: 'storage'; address: Bytes; slot: Bytes };

/** Where the store keeps it: 0 ‖ address, or 1 ‖ address ‖ slot. The tree's key is its SHA-256. */
export function storeKeyOf(key: StateKey): Bytes {
  const bytes = new Uint8Array(key.kind === 'account' ? 21 : 53);
  bytes.set(key.address, 1);
  if (key.kind === 'storage') {
    bytes[0] = 1;
    bytes.set(key.slot, 21);
  }
  return bytes;
}

export function treeKeyOf(storeKey: Bytes): Bytes {
  return sha256(storeKey);
}

export const ACCOUNT_VALUE_BYTES = 72;

/** nonce u64 ‖ balance u256 ‖ codeHash[32]. */
export function encodeAccount(account: AccountState): Bytes {
  const bytes = new Uint8Array(ACCOUNT_VALUE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, account.nonce);
  writeU256(view, 8, account.balance);
  bytes.set(account.codeHash, 40);
  return bytes;
}

export function decodeAccount(bytes: Bytes): AccountState {
  if (bytes.length !== ACCOUNT_VALUE_BYTES) throw new RangeError(`an account of ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { nonce: view.getBigUint64(0), balance: readU256(view, 8), codeHash: bytes.slice(40) };
}

const U64 = (1n << 64n) - 1n;

function writeU256(view: DataView, at: number, value: bigint): void {
  if (value !== 0n) for (let i = 3, rest = value; i >= 0; i--, rest >>= 64n) view.setBigUint64(at + 8 * i, rest & U64);
}

function readU256(view: DataView, at: number): bigint {
  let value = 0n;
  // Most accounts hold nothing: gas is free.
  if (view.getBigUint64(at) === 0n && view.getBigUint64(at + 24) === 0n && view.getBigUint64(at + 16) === 0n && view.getBigUint64(at + 8) === 0n) return value;
  for (let i = 0; i < 4; i++) value = (value << 64n) | view.getBigUint64(at + 8 * i);
  return value;
}
