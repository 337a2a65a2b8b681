import { decodeLogRecord, encodeLogRecord, equalBytes, type Bytes, type LogRecord } from '../src/index.js';
import type { SimChain } from './chain.js';
import type { Prng } from './prng.js';

/** What survives a crash of one node: its chain, and of its log all that was made durable and some of what was written. */
export class SimDisk {
  private written: { height: bigint; signBytes: Bytes; bytes: Bytes; durable: boolean }[] = [];
  /** Signing is over up to this height: the log was damaged in it. */
  damagedHeight = 0n;

  constructor(readonly chain: SimChain) {}

  /** Written, not yet durable. @returns to call once it is. */
  append(record: LogRecord): () => void {
    const entry = { height: record.height, signBytes: record.signBytes, bytes: encodeLogRecord(record), durable: false };
    this.written.push(entry);
    return () => {
      // Making one record durable makes all before it durable.
      for (const one of this.written) {
        one.durable = true;
        if (one === entry) return;
      }
    };
  }

  /** Whether a record that covers these sign bytes can no longer be lost. */
  holds(signBytes: Bytes): boolean {
    return this.written.some((one) => one.durable && equalBytes(one.signBytes, signBytes));
  }

  crash(random: Prng): void {
    const durable = this.written.filter((one) => one.durable).length;
    const kept = durable + random.below(this.written.length - durable + 1);
    this.written = this.written.slice(0, kept);
    for (const one of this.written) one.durable = true;
  }

  damage(): void {
    this.damagedHeight = this.chain.height + 1n;
    this.written = [];
  }

  /** Below a durable decision nothing is needed any more. */
  prune(): void {
    this.written = this.written.filter(({ height }) => height > this.chain.height);
  }

  records(): LogRecord[] {
    return this.written.map(({ bytes }) => decodeLogRecord(bytes)).filter(({ height }) => height === this.chain.height + 1n);
  }
}
