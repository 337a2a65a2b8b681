const FIRST_BYTES = 8192;
/** A larger store is not kept: one transaction must not make this process large for good. */
const MAX_KEPT_BYTES = 256 * 1024;
/** As many as calls nest in practice. */
const MAX_KEPT = 64;

const kept: FrameMemory[] = [];

/**
 * The memory of one call frame, in the form that the EVM library's opcodes use. The library allocates 8 KiB for each frame and grows by as
 * much with a copy each time: calls that do nothing filled a gigabyte before the collector came. This one is used again, and grows
 * by doubling.
 */
export class FrameMemory {
  /** The library's own name for it. */
  _store = new Uint8Array(FIRST_BYTES);
  /** Beyond this all is zero. */
  private touched = 0;

  static take(): FrameMemory {
    return kept.pop() ?? new FrameMemory();
  }

  /** The frame is over, and nobody holds a view of its memory any more. */
  give(): void {
    if (this._store.length > MAX_KEPT_BYTES || kept.length >= MAX_KEPT) return;
    this._store.fill(0, 0, this.touched);
    this.touched = 0;
    kept.push(this);
  }

  /** Gas has been paid for so much. */
  extend(offset: number, size: number): void {
    if (size === 0) return;
    const end = offset + size;
    if (end > this._store.length) {
      const larger = new Uint8Array(Math.max(2 * this._store.length, Math.ceil(end / FIRST_BYTES) * FIRST_BYTES));
      larger.set(this._store.subarray(0, this.touched));
      this._store = larger;
    }
    if (end > this.touched) this.touched = end;
  }

  write(offset: number, size: number, value: Uint8Array): void {
    if (size === 0) return;
    if (value.length !== size) throw new RangeError(`${value.length} bytes where ${size} are to be written`);
    this.extend(offset, size);
    this._store.set(value, offset);
  }

  /** @param avoidCopy a view, which holds until the frame goes on. */
  read(offset: number, size: number, avoidCopy?: boolean): Uint8Array {
    this.extend(offset, size);
    return avoidCopy === true ? this._store.subarray(offset, offset + size) : this._store.slice(offset, offset + size);
  }
}
