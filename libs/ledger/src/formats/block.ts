import { decodeAll, Writer, type Bytes, type Reader } from '../encoding/index.js';
import { merkleRoot } from '../merkle/tree.js';
import { readCertificate, writeCertificate, type Certificate } from './certificate.js';
import { encodeEvidence, readEvidence, writeEvidence, type Evidence } from './evidence.js';
import { readHeader, writeHeader, type Header } from './header.js';

export interface Block {
  header: Header;
  /** Raw Ethereum transactions, in the order in which they execute. */
  transactions: readonly Bytes[];
  /** The certificate of the block below, as this block's proposer knew it; null at height 1. */
  lastCommit: Certificate | null;
  evidence: readonly Evidence[];
}

export const MAX_TRANSACTION_BYTES = 128 * 1024;
export const MAX_BLOCK_TRANSACTIONS = 200_000;
const MAX_EVIDENCE = 100;

export function writeBlock(writer: Writer, block: Block): void {
  writer.u8(1);
  writeHeader(writer, block.header);
  writer.list(block.transactions, (raw) => writer.bytes(raw));
  writer.optional(block.lastCommit, (certificate) => writeCertificate(writer, certificate));
  writer.list(block.evidence, (evidence) => writeEvidence(writer, evidence));
}

export function readBlock(reader: Reader): Block {
  reader.version(1, 'block');
  return {
    header: readHeader(reader),
    transactions: reader.list(MAX_BLOCK_TRANSACTIONS, 4, () => reader.bytes(MAX_TRANSACTION_BYTES)),
    lastCommit: reader.optional(() => readCertificate(reader)),
    evidence: reader.list(MAX_EVIDENCE, 1, () => readEvidence(reader)),
  };
}

export function encodeBlock(block: Block): Bytes {
  const writer = new Writer();
  writeBlock(writer, block);
  return writer.finish();
}

export function decodeBlock(bytes: Bytes): Block {
  return decodeAll(bytes, readBlock);
}

/** RFC 6962 root over the raw transactions. */
export function transactionsRoot(transactions: readonly Bytes[]): Bytes {
  return merkleRoot(transactions);
}

export function evidenceRoot(evidence: readonly Evidence[]): Bytes {
  return merkleRoot(evidence.map(encodeEvidence));
}
