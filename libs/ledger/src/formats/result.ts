import { decodeAll, LedgerError, Writer, type Bytes, type Reader } from '../encoding/index.js';
import { merkleRoot } from '../merkle/tree.js';

export interface Log {
  /** 20 bytes. */
  address: Bytes;
  /** Up to four of 32 bytes. */
  topics: readonly Bytes[];
  data: Bytes;
}

/** What one transaction did: a leaf of receiptsRoot. */
export interface TxResult {
  transactionHash: Bytes;
  /** 1 succeeded, 0 reverted. */
  status: 0 | 1;
  gasUsed: bigint;
  /** Of a deployment; null otherwise. */
  contractAddress: Bytes | null;
  logs: readonly Log[];
}

const MAX_LOGS = 100_000;
const MAX_LOG_BYTES = 16 * 1024 * 1024;

export function writeTxResult(writer: Writer, result: TxResult): void {
  writer.u8(1).fixed(result.transactionHash, 32).u8(result.status).u64(result.gasUsed);
  writer.optional(result.contractAddress, (address) => writer.fixed(address, 20));
  writer.list(result.logs, MAX_LOGS, (log) => {
    writer.fixed(log.address, 20);
    if (log.topics.length > 4) throw new LedgerError('tooLong', `${log.topics.length} topics`);
    writer.u8(log.topics.length);
    for (const topic of log.topics) writer.fixed(topic, 32);
    writer.bytes(log.data, MAX_LOG_BYTES);
  });
}

export function readTxResult(reader: Reader): TxResult {
  reader.version(1, 'result');
  const transactionHash = reader.fixed(32);
  const status = reader.u8();
  if (status !== 0 && status !== 1) throw new LedgerError('notCanonical', `status ${status}`);
  const gasUsed = reader.u64();
  const contractAddress = reader.optional(() => reader.fixed(20));
  const logs = reader.list(MAX_LOGS, 25, () => {
    const address = reader.fixed(20);
    const count = reader.u8();
    if (count > 4) throw new LedgerError('notCanonical', `${count} topics`);
    const topics = Array.from({ length: count }, () => reader.fixed(32));
    return { address, topics, data: reader.bytes(MAX_LOG_BYTES) };
  });
  return { transactionHash, status, gasUsed, contractAddress, logs };
}

export function encodeTxResult(result: TxResult): Bytes {
  const writer = new Writer();
  writeTxResult(writer, result);
  return writer.finish();
}

export function decodeTxResult(bytes: Bytes): TxResult {
  return decodeAll(bytes, readTxResult);
}

/** RFC 6962 root over the canonical results. */
export function resultsRoot(results: readonly TxResult[]): Bytes {
  return merkleRoot(results.map(encodeTxResult));
}
