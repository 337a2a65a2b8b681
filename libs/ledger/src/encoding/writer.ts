import { LedgerError } from './errors.js';
import { utf8, type Bytes } from './bytes.js';

const U32_MAX = 0xffff_ffff;
const U64_MAX = (1n << 64n) - 1n;
const MAX_SPARE_BYTES = 64 * 1024;
const FIRST_BYTES = 1024;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Writes the canonical encoding (docs/spec/encoding.md): big-endian fixed-width integers, u32 length prefixes. */
export class Writer {
  /** A finished writer's room, for the next: most formats are small and many are written. */
  private static spare: DataView | null = null;
  private view: DataView;
  private buffer: Uint8Array;
  private length = 0;

  constructor() {
    this.view = Writer.spare ?? new DataView(new ArrayBuffer(FIRST_BYTES));
    Writer.spare = null;
    this.buffer = new Uint8Array(this.view.buffer);
  }

  u8(value: number): this {
    range(value, 0xff);
    this.room(1);
    this.buffer[this.length++] = value;
    return this;
  }

  u32(value: number): this {
    range(value, U32_MAX);
    this.room(4);
    this.view.setUint32(this.length, value);
    this.length += 4;
    return this;
  }

  u64(value: bigint): this {
    if (value < 0n || value > U64_MAX) throw new LedgerError('outOfRange', `${value} is no u64`);
    this.room(8);
    this.view.setBigUint64(this.length, value);
    this.length += 8;
    return this;
  }

  u256(value: bigint): this {
    if (value < 0n || value >> 256n !== 0n) throw new LedgerError('outOfRange', `${value} is no u256`);
    for (let shift = 192n; shift >= 0n; shift -= 64n) this.u64((value >> shift) & U64_MAX);
    return this;
  }

  /** Bytes of a length that the format fixes. */
  fixed(bytes: Bytes, length: number): this {
    if (bytes.length !== length) throw new LedgerError('outOfRange', `${bytes.length} bytes where the format has ${length}`);
    this.room(length);
    this.buffer.set(bytes, this.length);
    this.length += length;
    return this;
  }

  /** u32 length, then the bytes. The bound is the reader's, so that nothing is written that would not be read. */
  bytes(bytes: Bytes, maxLength = U32_MAX): this {
    if (bytes.length > maxLength) throw new LedgerError('tooLong', `${bytes.length} bytes where at most ${maxLength} may stand`);
    this.u32(bytes.length);
    return this.fixed(bytes, bytes.length);
  }

  /** How many bytes there are so far. */
  get written(): number {
    return this.length;
  }

  /** u32 length, then what `write` writes. */
  sized(write: () => void): this {
    this.u32(0);
    const start = this.length;
    write();
    this.view.setUint32(start - 4, this.length - start);
    return this;
  }

  /** UTF-8; a lone surrogate has none. */
  text(text: string, maxBytes: number): this {
    const bytes = utf8(text);
    if (LONE_SURROGATE.test(text)) throw new LedgerError('notCanonical', 'a text has no UTF-8 form');
    return this.bytes(bytes, maxBytes);
  }

  /** u8 0, or u8 1 and the value. */
  optional<T>(value: T | null, write: (value: T) => void): this {
    this.u8(value === null ? 0 : 1);
    if (value !== null) write(value);
    return this;
  }

  /** u32 count, then each. */
  list<T>(items: readonly T[], maxItems: number, write: (item: T) => void): this {
    if (items.length > maxItems) throw new LedgerError('tooLong', `${items.length} items where at most ${maxItems} may stand`);
    this.u32(items.length);
    for (const item of items) write(item);
    return this;
  }

  /** The bytes, as a copy of its own. Nothing more may be written. */
  finish(): Bytes {
    const bytes = this.buffer.slice(0, this.length);
    if (this.buffer.length <= MAX_SPARE_BYTES) Writer.spare = this.view;
    // The room may be another's now: writing on throws.
    this.length = Infinity;
    return bytes;
  }

  private room(more: number): void {
    if (this.length + more <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.length + more));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
    this.view = new DataView(grown.buffer);
  }
}

function range(value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) throw new LedgerError('outOfRange', `${value} does not fit the format`);
}
