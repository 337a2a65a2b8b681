import { decodeAll, decodeTxResult, Writer, writeTxResult, type Bytes, type TxResult } from '#ledger';
import type { StoredResult } from './chain-store.js';

/** Longer revert data is cut: it only explains, and anyone may return megabytes. */
export const MAX_REVERT_BYTES = 4096;
const MAX_RESULTS = 1_000_000;
const MAX_RESULT_BYTES = 0xffff_ffff;

/** A block's results as they are stored, written one after another while the block executes. */
export class ResultsWriter {
  private readonly writer = new Writer();
  /** Where each canonical result begins and ends. */
  private readonly bounds: number[] = [];

  add({ sender, to: recipient }: { sender: Bytes; to: Bytes | null }, result: TxResult, revertData: Bytes): void {
    const { writer } = this;
    const start = writer.written;
    writer.sized(() => writeTxResult(writer, result));
    this.bounds.push(start + 4, writer.written);
    writer.fixed(sender, 20);
    writer.optional(recipient, (to) => writer.fixed(to, 20));
    writer.bytes(revertData.length > MAX_REVERT_BYTES ? revertData.subarray(0, MAX_REVERT_BYTES) : revertData, MAX_REVERT_BYTES);
  }

  /** The stored form, and the canonical results in it: the leaves of receiptsRoot. */
  finish(): { results: Bytes; leaves: Bytes[] } {
    const count = this.bounds.length / 2;
    const body = this.writer.finish();
    const results = new Writer().u8(1).u32(count).fixed(body, body.length).finish();
    const leaves = Array.from({ length: count }, (_, i) => body.subarray(this.bounds[2 * i], this.bounds[2 * i + 1]));
    return { results, leaves };
  }
}

export function decodeResults(bytes: Bytes): StoredResult[] {
  let cumulativeGasUsed = 0n;
  let firstLogIndex = 0;
  let index = 0;
  return decodeAll(bytes, (reader) => {
    reader.version(1, 'stored results');
    return reader.list(MAX_RESULTS, 29, () => {
      const result = decodeTxResult(reader.bytes(MAX_RESULT_BYTES));
      cumulativeGasUsed += result.gasUsed;
      const stored: StoredResult = {
        ...result, index, cumulativeGasUsed, firstLogIndex,
        sender: reader.fixed(20), to: reader.optional(() => reader.fixed(20)), revertData: reader.bytes(MAX_REVERT_BYTES),
      };
      index++;
      firstLogIndex += result.logs.length;
      return stored;
    });
  });
}
