import type { Bytes } from '../encoding/index.js';
import { crc32c } from './crc32c.js';

/**
 * The safety log's bytes. One record: `length u32 | crc32c u32 | sequence u64 | payload`, big-endian; the checksum covers
 * sequence and payload. Sequences count up by one.
 *
 * A torn tail, all that a crash can leave, is dropped. A damaged record with whole ones behind it is no crash, nor is a whole
 * record with a sequence that is not the next: then the log is `damaged`, and its node must not sign in this height.
 */
const HEADER_BYTES = 16;
const MAX_RECORD_BYTES = 64 * 1024 * 1024;
/** Sequences that a record behind damage may have: a plausible one is looked for first, as the checksum over every offset of a large log would take minutes. */
const MAX_SEQUENCES_AHEAD = 1_000_000n;

export interface ReadLog {
  records: Bytes[];
  /** True where damage was found that no crash explains. */
  damaged: boolean;
  /** Bytes up to the end of the last whole record. */
  validBytes: number;
  nextSequence: bigint;
}

export function frameRecord(payload: Bytes, sequence: bigint): Bytes {
  const frame = new Uint8Array(HEADER_BYTES + payload.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, payload.length);
  view.setBigUint64(8, sequence);
  frame.set(payload, HEADER_BYTES);
  view.setUint32(4, crc32c(frame.subarray(8)));
  return frame;
}

export function parseLog(bytes: Bytes): ReadLog {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Bytes[] = [];
  let at = 0;
  let next: bigint | undefined;
  while (at < bytes.length) {
    const record = recordAt(bytes, view, at);
    const sequence = record === undefined ? undefined : view.getBigUint64(at + 8);
    if (record === undefined || (next !== undefined && sequence !== next)) {
      // A whole record with another sequence is no torn write either: those before it are lost.
      return { records, damaged: record !== undefined || wholeRecordBehind(bytes, view, at + 1, next ?? 0n), validBytes: at, nextSequence: next ?? 0n };
    }
    records.push(record);
    next = (sequence as bigint) + 1n;
    at += HEADER_BYTES + record.length;
  }
  return { records, damaged: false, validBytes: at, nextSequence: next ?? 0n };
}

function recordAt(bytes: Bytes, view: DataView, at: number): Bytes | undefined {
  if (bytes.length - at < HEADER_BYTES) return undefined;
  const length = view.getUint32(at);
  const end = at + HEADER_BYTES + length;
  if (length > MAX_RECORD_BYTES || end > bytes.length) return undefined;
  if (crc32c(bytes.subarray(at + 8, end)) !== view.getUint32(at + 4)) return undefined;
  return bytes.subarray(at + HEADER_BYTES, end);
}

/** Whether a later record is whole: then what is broken before it was not the last write. */
function wholeRecordBehind(bytes: Bytes, view: DataView, from: number, minSequence: bigint): boolean {
  const least = Number(minSequence);
  const most = Number(minSequence + MAX_SEQUENCES_AHEAD);
  for (let at = from; at + HEADER_BYTES <= bytes.length; at++) {
    const length = view.getUint32(at);
    if (length === 0 || length > bytes.length - at - HEADER_BYTES) continue;
    // As a number: sequences are far below 2^53, and what is beyond is none.
    const sequence = view.getUint32(at + 8) * 2 ** 32 + view.getUint32(at + 12);
    if (sequence < least || sequence > most) continue;
    if (recordAt(bytes, view, at) !== undefined) return true;
  }
  return false;
}
