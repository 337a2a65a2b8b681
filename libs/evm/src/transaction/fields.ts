import type { Bytes } from '#ledger';
import { EvmError } from '../errors.js';
import { listHeader } from './rlp.js';

const malformed = (why: string): EvmError => new EvmError('malformedTransaction', why);

const MAX_FIELDS = 12;
const MAX_SAFE_BYTES = 6;

/**
 * The fields of one transaction: where each member of the outer list begins and ends. One table serves all, so that reading a
 * transaction makes no object for each of its fields; it holds until the next `read`. RLP as in the Yellow Paper, appendix B:
 * every second way to write the same value is refused.
 */
export class FieldTable {
  private bytes: Bytes = new Uint8Array(0);
  private readonly starts = new Int32Array(MAX_FIELDS);
  private readonly bodies = new Int32Array(MAX_FIELDS);
  private readonly ends = new Int32Array(MAX_FIELDS);
  private body = 0;
  private end = 0;

  /** Reads the list that fills `bytes` from `from` on, which must have `count` members. */
  read(bytes: Bytes, from: number, count: number): void {
    this.bytes = bytes;
    if (from >= bytes.length) throw malformed('not canonical RLP: it ends early');
    if ((bytes[from] as number) < 0xc0) throw malformed('bytes stand where a list must');
    this.item(from, bytes.length);
    if (this.end !== bytes.length) throw malformed('not canonical RLP: bytes after the end');
    let found = 0;
    const { end } = this;
    for (let at = this.body; at < end; at = this.end) {
      this.item(at, end);
      if (found < MAX_FIELDS) {
        this.starts[found] = at;
        this.bodies[found] = this.body;
        this.ends[found] = this.end;
      }
      found += 1;
    }
    if (found !== count) throw malformed(`${found} fields where ${count} must stand`);
  }

  /** Of the field with its header. */
  startOf(field: number): number {
    return this.starts[field] as number;
  }

  endOf(field: number): number {
    return this.ends[field] as number;
  }

  isEmptyList(field: number): boolean {
    return this.bytes[this.startOf(field)] === 0xc0;
  }

  /** Where a byte field's content begins. */
  bodyOf(field: number): number {
    this.requireBytes(field);
    return this.bodies[field] as number;
  }

  integer(field: number, maxBytes: number): bigint {
    return BigInt(this.compact(field, maxBytes));
  }

  /** An integer: a number where it fits into 48 bits. */
  compact(field: number, maxBytes: number): number | bigint {
    if (this.integerLength(field, maxBytes) <= MAX_SAFE_BYTES) return this.number(field);
    let value = 0n;
    for (let i = this.bodies[field] as number; i < (this.ends[field] as number); i++) value = (value << 8n) | BigInt(this.bytes[i] as number);
    return value;
  }

  /** A small integer: at most one byte. */
  small(field: number): number {
    this.integerLength(field, 1);
    return this.number(field);
  }

  /** An integer of at most 32 bytes, padded to 32, into `target` at `at`. */
  word(field: number, target: Uint8Array, at: number): void {
    this.requireBytes(field);
    const from = this.bodies[field] as number;
    const to = this.ends[field] as number;
    if (to - from > 32 || (to > from && this.bytes[from] === 0)) throw malformed('r or s is no 256-bit integer');
    target.fill(0, at, at + 32 - (to - from));
    for (let i = from, j = at + 32 - (to - from); i < to; i++, j++) target[j] = this.bytes[i] as number;
  }

  private number(field: number): number {
    let value = 0;
    for (let i = this.bodies[field] as number; i < (this.ends[field] as number); i++) value = value * 256 + (this.bytes[i] as number);
    return value;
  }

  private integerLength(field: number, maxBytes: number): number {
    this.requireBytes(field);
    const length = (this.ends[field] as number) - (this.bodies[field] as number);
    if (length > maxBytes) throw malformed(`an integer of ${length} bytes where at most ${maxBytes} may stand`);
    if (length > 0 && this.bytes[this.bodies[field] as number] === 0) throw malformed('an integer begins with zero');
    return length;
  }

  private requireBytes(field: number): void {
    if ((this.bytes[this.startOf(field)] as number) >= 0xc0) throw malformed('a list stands where bytes must');
  }

  /** One item's header: sets `body` and `end`. */
  private item(start: number, limit: number): void {
    const { bytes } = this;
    if (start >= limit) throw malformed('not canonical RLP: it ends early');
    const tag = bytes[start] as number;
    if (tag < 0x80) {
      this.body = start;
      this.end = start + 1;
      return;
    }
    let length = tag - (tag >= 0xc0 ? 0xc0 : 0x80);
    let body = start + 1;
    if (length > 55) {
      const lengthBytes = length - 55;
      body += lengthBytes;
      // Transactions are at most 128 KiB, so a length of more than three bytes is never honest.
      if (lengthBytes > 3 || body > limit) throw malformed('not canonical RLP: a length is too long');
      length = 0;
      for (let i = start + 1; i < body; i++) length = length * 256 + (bytes[i] as number);
      if (bytes[start + 1] === 0 || length < 56) throw malformed('not canonical RLP: a length is not the shortest');
    }
    if (body + length > limit) throw malformed('not canonical RLP: it ends early');
    if (tag < 0xc0 && length === 1 && (bytes[body] as number) < 0x80) throw malformed('not canonical RLP: a single byte is wrapped');
    this.body = body;
    this.end = body + length;
  }
}

/** The header of the list that a signature covers, written into `target` at `at`; answers how many bytes it took. */
export function writeListHeader(target: Uint8Array, at: number, length: number): number {
  const header = listHeader(length);
  target.set(header, at);
  return header.length;
}
