import type { Tables } from './tables.js';

/** From which height on the states are whole, beside that of genesis; and up to which one the nodes of older ones are on the list. */
export const HISTORY_KEY = Buffer.from('history');
export const SWEPT_KEY = Buffer.from('swept');

/** The lowest height, beside 0, whose state this store has: where it began, or what pruning has left. */
export function oldestState(tables: Tables, base: bigint): bigint {
  const kept = tables.meta.get(HISTORY_KEY)?.readBigUInt64BE(0) ?? 0n;
  return kept > base ? kept : base;
}
