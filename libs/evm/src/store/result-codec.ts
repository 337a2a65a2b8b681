import { decodeAll, decodeTxResult, Writer, type Bytes, type TxResult } from '#ledger';
import type { StoredResult } from './chain-store.js';

/** The part of a stored result that is not derived from its place in the block. */
export interface ResultRecord {
  result: TxResult;
  /** Its canonical encoding. */
  leaf: Bytes;
  sender: Bytes;
  to: Bytes | null;
  revertData: Bytes;
}

/** Longer revert data is cut: it only explains, and anyone may return megabytes. */
export const MAX_REVERT_BYTES = 4096;
const MAX_RESULTS = 1_000_000;
const MAX_RESULT_BYTES = 0xffff_ffff;

export function encodeResults(records: readonly ResultRecord[]): Bytes {
  const writer = new Writer();
  writer.u8(1).list(records, MAX_RESULTS, (record) => {
    writer.bytes(record.leaf, MAX_RESULT_BYTES).fixed(record.sender, 20);
    writer.optional(record.to, (to) => writer.fixed(to, 20));
    writer.bytes(record.revertData.subarray(0, MAX_REVERT_BYTES), MAX_REVERT_BYTES);
  });
  return writer.finish();
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
