import type { Bytes } from '../src/index.js';

/** Transactions of the simulated chain. The last byte stands for the sender's signature: without it a transaction is nobody's. */
const PLAIN = 0;
const SET_POWER = 1;
const WEAK_KEY = 2;
const LENGTHS = [4, 6, 6];
const SEAL = 0x5a;

/** What a transaction asks for. */
export type Order =
  | { type: 'plain' }
  /** A power of 1 … 255 for a key, by its number, or 0 to take its vote away. */
  | { type: 'setPower'; key: number; power: number }
  /** The same for a key that must be refused, by its place among the weak ones. */
  | { type: 'weakKey'; key: number; power: number };

function sealed(...bytes: readonly number[]): Bytes {
  const transaction = Uint8Array.of(...bytes, 0);
  transaction[bytes.length] = sealOf(transaction);
  return transaction;
}

/** Over all bytes but the last. */
function sealOf(transaction: Bytes): number {
  let sum = SEAL;
  for (let i = 0; i < transaction.length - 1; i++) sum = (sum * 31 + (transaction[i] as number)) & 0xff;
  return sum;
}

/** @param id below 2^16, of each transaction its own. */
export function transactionOf(id: number, order: Order): Bytes {
  const place = [id >> 8, id & 0xff] as const;
  switch (order.type) {
    case 'plain': return sealed(PLAIN, ...place);
    case 'setPower': return sealed(SET_POWER, ...place, order.key, order.power);
    case 'weakKey': return sealed(WEAK_KEY, ...place, order.key, order.power);
  }
}

export const idOf = (transaction: Bytes): number => ((transaction[1] ?? 0) << 8) | (transaction[2] ?? 0);

/** Null where the bytes are no transaction, or nobody signed them. */
export function orderOf(transaction: Bytes): Order | null {
  const kind = transaction[0] ?? 255;
  if (transaction.length !== LENGTHS[kind]) return null;
  if (sealOf(transaction) !== transaction[transaction.length - 1]) return null;
  return kind === PLAIN ? { type: 'plain' } : { type: kind === SET_POWER ? 'setPower' : 'weakKey', key: transaction[3] as number, power: transaction[4] as number };
}
