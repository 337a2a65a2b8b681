import type { Bytes } from '../encoding/index.js';
import { decodeLogRecord, type LogRecord } from '../consensus/record.js';
import { parseLog } from './log-format.js';

/** What a node knows of its own signatures when it starts. */
export interface Remembered {
  /** Of the height above the head: what the machine replays. */
  records: readonly LogRecord[];
  /** Signing is over up to this height, as the memory of it is damaged; −1 where all is well. */
  damagedHeight: bigint;
  validBytes: number;
  nextSequence: bigint;
}

/**
 * Reads a log beside a store whose newest durable block is `headHeight`. Damage ends signing in the height above it. So do
 * records of a later height, up to that: a height is signed only when the block below is durable, so they say that the store
 * went back, to an older copy perhaps, and what was signed in between may have been cut from the log.
 */
export function readLog(bytes: Bytes, headHeight: bigint): Remembered {
  const { records: payloads, damaged, validBytes, nextSequence } = parseLog(bytes);
  const all = decodeAllOf(payloads);
  let damagedHeight = damaged || all === null ? headHeight + 1n : -1n;
  for (const { height } of all ?? []) if (height > headHeight + 1n && height > damagedHeight) damagedHeight = height;
  return { records: (all ?? []).filter((record) => record.height === headHeight + 1n), damagedHeight, validBytes, nextSequence };
}

/** Null where a whole record is none of ours. */
function decodeAllOf(payloads: readonly Bytes[]): LogRecord[] | null {
  try {
    return payloads.map(decodeLogRecord);
  } catch {
    return null;
  }
}
