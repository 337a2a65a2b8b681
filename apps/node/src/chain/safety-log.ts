import { closeSync, fdatasync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32c } from './crc32c.js';

/**
 * What this node has signed, on disk before anybody hears of it. One record: `length u32 | crc32c u32 | sequence u64 | payload`,
 * big-endian; the checksum covers sequence and payload. Sequences count up by one.
 *
 * A torn tail, all that a crash can leave, is dropped. A damaged record with whole ones behind it is no crash: then the log
 * says `damaged`, and the node must not sign in this height. An error of the disk ends the process: after a failed fsync
 * nobody knows what is stored.
 */
const HEADER_BYTES = 16;
const MAX_RECORD_BYTES = 64 * 1024 * 1024;

export interface ReadLog {
  records: Uint8Array[];
  /** True where damage was found that no crash explains. */
  damaged: boolean;
  /** Bytes up to the end of the last whole record. */
  validBytes: number;
  nextSequence: bigint;
}

/** Reads a log's bytes. Pure. */
export function parseLog(bytes: Uint8Array): ReadLog {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Uint8Array[] = [];
  let at = 0;
  let next: bigint | undefined;
  while (at < bytes.length) {
    const record = recordAt(bytes, view, at);
    const sequence = record === undefined ? undefined : view.getBigUint64(at + 8);
    if (record === undefined || (next !== undefined && sequence !== next)) {
      // A whole record with another sequence is no torn write: one before it is lost.
      return { records, damaged: record !== undefined || wholeRecordBehind(bytes, view, at + 1, next ?? 0n), validBytes: at, nextSequence: next ?? 0n };
    }
    records.push(record);
    next = (sequence as bigint) + 1n;
    at += HEADER_BYTES + record.length;
  }
  return { records, damaged: false, validBytes: at, nextSequence: next ?? 0n };
}

function recordAt(bytes: Uint8Array, view: DataView, at: number): Uint8Array | undefined {
  if (bytes.length - at < HEADER_BYTES) return undefined;
  const length = view.getUint32(at);
  const end = at + HEADER_BYTES + length;
  if (length > MAX_RECORD_BYTES || end > bytes.length) return undefined;
  if (crc32c(bytes.subarray(at + 8, end)) !== view.getUint32(at + 4)) return undefined;
  return bytes.subarray(at + HEADER_BYTES, end);
}

/** Whether a later record is whole: then what is broken before it was not the last write. */
function wholeRecordBehind(bytes: Uint8Array, view: DataView, from: number, minSequence: bigint): boolean {
  for (let at = from; at + HEADER_BYTES <= bytes.length; at++) {
    const length = view.getUint32(at);
    if (length === 0 || length > bytes.length - at - HEADER_BYTES) continue;
    const sequence = view.getBigUint64(at + 8);
    // A plausible sequence first: the checksum over every offset of a large log would take minutes.
    if (sequence < minSequence || sequence > minSequence + 1_000_000n) continue;
    if (recordAt(bytes, view, at) !== undefined) return true;
  }
  return false;
}

export class SafetyLog {
  private constructor(
    private readonly path: string,
    private fd: number,
    private sequence: bigint,
    private readonly fatal: (error: Error) => void,
  ) {}

  /** Opens or creates the log; answers what it holds. @param fatal called where the disk fails: must end the process. */
  static open(path: string, fatal: (error: Error) => void): { log: SafetyLog; records: Uint8Array[]; damaged: boolean } {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const fd = openSync(path, 'a+', 0o600);
    const found = parseLog(new Uint8Array(readFileSync(path)));
    if (found.validBytes < fstatSync(fd).size) {
      ftruncateSync(fd, found.validBytes);
      fsyncSync(fd);
    }
    syncFolder(path);
    return { log: new SafetyLog(path, fd, found.nextSequence, fatal), records: found.records, damaged: found.damaged };
  }

  /** Appends one record and resolves once it is durable. */
  append(payload: Uint8Array): Promise<void> {
    const record = Buffer.alloc(HEADER_BYTES + payload.length);
    record.writeUInt32BE(payload.length, 0);
    record.writeBigUInt64BE(this.sequence, 8);
    record.set(payload, HEADER_BYTES);
    record.writeUInt32BE(crc32c(record.subarray(8)), 4);
    return new Promise((resolve) => {
      try {
        const written = writeSync(this.fd, record);
        if (written !== record.length) throw new Error(`only ${written} of ${record.length} bytes could be written: is the disk full?`);
      } catch (error) {
        this.fatal(new Error(`the safety log ${this.path} cannot be written`, { cause: error }));
        return;
      }
      this.sequence += 1n;
      fdatasync(this.fd, (error) => {
        if (error === null) resolve();
        else this.fatal(new Error(`the safety log ${this.path} cannot be made durable`, { cause: error }));
      });
    });
  }

  /** Begins anew, after a decision: what was signed below the new height can no longer conflict. Durable when it returns. */
  reset(): void {
    try {
      const fresh = openSync(`${this.path}.new`, 'w+', 0o600);
      fsyncSync(fresh);
      renameSync(`${this.path}.new`, this.path);
      syncFolder(this.path);
      closeSync(this.fd);
      this.fd = fresh;
    } catch (error) {
      this.fatal(new Error(`the safety log ${this.path} cannot be begun anew`, { cause: error }));
    }
  }

  close(): void {
    closeSync(this.fd);
  }
}

function syncFolder(path: string): void {
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}
