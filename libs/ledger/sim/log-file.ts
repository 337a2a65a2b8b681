import { equalBytes, frameRecord, parseLog, type Bytes, type ReadLog } from '../src/index.js';
import type { Prng } from './prng.js';

interface Written {
  /** The whole frame, or the part of it that was written. */
  bytes: Bytes;
  durable: boolean;
}

/** A file of framed records on a disk that fails as disks do. */
export class LogFile {
  private written: Written[] = [];
  private sequence = 0n;

  /** Writes a record. @returns to call once it is durable; what was written before it is durable then, too. */
  append(payload: Bytes): () => void {
    const entry = { bytes: frameRecord(payload, this.sequence), durable: false };
    this.sequence += 1n;
    this.written.push(entry);
    return () => {
      for (const one of this.written) {
        one.durable = true;
        if (one === entry) return;
      }
    };
  }

  /** The disk is full: a part of the record is written. */
  appendPart(payload: Bytes, random: Prng): void {
    const frame = frameRecord(payload, this.sequence);
    this.written.push({ bytes: frame.slice(0, random.below(frame.length)), durable: false });
  }

  /** Of what was not durable, a part is kept; the record in which it ends may be filled with anything. */
  crash(random: Prng): void {
    const durable = this.written.filter((one) => one.durable);
    const rest = join(this.written.filter((one) => !one.durable));
    const kept = rest.slice(0, random.below(rest.length + 1));
    if (kept.length > 0 && random.chance(0.3)) kept[kept.length - 1] = random.below(256);
    this.written = kept.length > 0 ? [...durable, { bytes: kept, durable: true }] : durable;
  }

  /** All that stands in the file. */
  get bytes(): Bytes {
    return join(this.written);
  }

  /** Reads the file as a new process does, and drops what is no record at its end. */
  open(): ReadLog {
    const found = parseLog(join(this.written));
    this.sequence = found.nextSequence;
    this.written = found.records.map((payload, i) => ({ bytes: frameRecord(payload, found.nextSequence - BigInt(found.records.length - i)), durable: true }));
    return found;
  }

  /** Begins anew; sequences count on. */
  reset(): void {
    this.written = [];
  }

  /** Whole durable records at this moment. */
  get length(): number {
    return this.written.filter((one) => one.durable).length;
  }

  copy(): LogFile {
    const copy = new LogFile();
    copy.written = this.written.filter((one) => one.durable);
    copy.sequence = this.sequence;
    return copy;
  }

  /** Flips one bit of a durable record. */
  flip(index: number, random: Prng): void {
    const entry = this.written[index];
    if (entry === undefined) return;
    const bytes = entry.bytes.slice();
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    if (!equalBytes(bytes, entry.bytes)) entry.bytes = bytes;
  }

  lose(index: number): void {
    this.written.splice(index, 1);
  }
}

function join(parts: readonly Written[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let at = 0;
  for (const { bytes } of parts) {
    all.set(bytes, at);
    at += bytes.length;
  }
  return all;
}
