import type { Bytes } from '#ledger';
import { keccak256 } from '../crypto/keccak.js';
import { EvmError } from '../errors.js';
import { decodeTransaction, recoverSender } from '../transaction/decode.js';

const HASH_BYTES = 32;
const ENTRY_BYTES = HASH_BYTES + 20;

/** Hash and sender of each of a block's transactions, in its order. */
export interface Recovered {
  readonly count: number;
  hash(index: number): Bytes;
  /** Null where nobody can have signed it, or where it is no transaction: whoever admits it finds out why. */
  sender(index: number): Bytes | null;
}

/** Each transaction's hash and sender one after another; a sender of zeros stands for none. */
export function recoverAll(raws: readonly Bytes[]): Bytes {
  const entries = new Uint8Array(raws.length * ENTRY_BYTES);
  for (const [i, raw] of raws.entries()) {
    entries.set(keccak256(raw), i * ENTRY_BYTES);
    const sender = senderOf(raw);
    if (sender !== null) entries.set(sender, i * ENTRY_BYTES + HASH_BYTES);
  }
  return entries;
}

export function readRecovered(entries: Bytes): Recovered {
  const at = (index: number, from: number, length: number): Bytes => entries.slice(index * ENTRY_BYTES + from, index * ENTRY_BYTES + from + length);
  return {
    count: entries.length / ENTRY_BYTES,
    hash: (index) => at(index, 0, HASH_BYTES),
    sender: (index) => {
      const sender = at(index, HASH_BYTES, 20);
      return sender.some((byte) => byte !== 0) ? sender : null;
    },
  };
}

function senderOf(raw: Bytes): Bytes | null {
  try {
    decodeTransaction(raw);
    return recoverSender(raw);
  } catch (error) {
    if (error instanceof EvmError) return null;
    throw error;
  }
}
