import { LedgerError } from './errors.js';
import type { Bytes } from './bytes.js';

/** Fatal: no replacement characters. A byte order mark is a character like others, so that it survives the round trip. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads the canonical encoding; refuses all that {@link Writer} would not write. Byte fields are views, not copies. */
export class Reader {
  private readonly buffer: Bytes;
  private readonly view: DataView;
  private at = 0;

  constructor(buffer: Bytes) {
    // A plain view, so that the fields of a message do not become Buffers where the caller held one.
    this.buffer = buffer.constructor === Uint8Array ? buffer : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  u8(): number {
    return this.view.getUint8(this.take(1));
  }

  u32(): number {
    return this.view.getUint32(this.take(4));
  }

  u64(): bigint {
    return this.view.getBigUint64(this.take(8));
  }

  u256(): bigint {
    let value = 0n;
    for (let i = 0; i < 4; i++) value = (value << 64n) | this.u64();
    return value;
  }

  fixed(length: number): Bytes {
    const start = this.take(length);
    return this.buffer.subarray(start, start + length);
  }

  bytes(maxLength: number): Bytes {
    const length = this.u32();
    if (length > maxLength) throw new LedgerError('tooLong', `${length} bytes where at most ${maxLength} may stand`);
    return this.fixed(length);
  }

  /** UTF-8 that encodes back to the same bytes. */
  text(maxBytes: number): string {
    const bytes = this.bytes(maxBytes);
    try {
      return UTF8.decode(bytes);
    } catch {
      throw new LedgerError('notCanonical', 'a text is not UTF-8');
    }
  }

  optional<T>(read: () => T): T | null {
    const flag = this.u8();
    if (flag > 1) throw new LedgerError('notCanonical', `flag ${flag} where 0 or 1 may stand`);
    return flag === 0 ? null : read();
  }

  /** @param minItemBytes the least that one item takes: a count that cannot fit what is left is refused before any work. */
  list<T>(maxItems: number, minItemBytes: number, read: () => T): T[] {
    const count = this.u32();
    if (count > maxItems) throw new LedgerError('tooLong', `${count} items where at most ${maxItems} may stand`);
    if (count * minItemBytes > this.buffer.length - this.at) throw new LedgerError('truncated', 'a list is longer than what is left');
    const items = new Array<T>(count);
    for (let i = 0; i < count; i++) items[i] = read();
    return items;
  }

  /** The one version that this code knows. */
  version(expected: number, format: string): void {
    const version = this.u8();
    if (version !== expected) throw new LedgerError('badVersion', `version ${version} of ${format} is not known (this program knows ${expected})`);
  }

  /** Where the next value begins. */
  get position(): number {
    return this.at;
  }

  /** The bytes from an earlier position to here, as a view. */
  since(position: number): Bytes {
    return this.buffer.subarray(position, this.at);
  }

  end(): void {
    if (this.at !== this.buffer.length) throw new LedgerError('trailingBytes', `${this.buffer.length - this.at} bytes after the end`);
  }

  private take(length: number): number {
    const start = this.at;
    if (length > this.buffer.length - start) throw new LedgerError('truncated', `the bytes end at ${this.buffer.length}, ${length} more were expected at ${start}`);
    this.at = start + length;
    return start;
  }
}

/** Decodes all of `bytes` with `read`, or throws. */
export function decodeAll<T>(bytes: Bytes, read: (reader: Reader) => T): T {
  const reader = new Reader(bytes);
  const value = read(reader);
  reader.end();
  return value;
}
