import { decodeAll, equalBytes, Writer, ZERO_HASH, type Bytes, type Reader } from '../encoding/index.js';
import { merkleRoot } from '../merkle/tree.js';
import { certificateHash, readCertificate, writeCertificate, type Certificate } from './certificate.js';
import { encodeEvidence, readEvidence, writeEvidence, type Evidence } from './evidence.js';
import { readHeader, writeHeader, type Header } from './header.js';

export interface Block {
  readonly header: Header;
  /** Raw Ethereum transactions, in the order in which they execute. */
  readonly transactions: readonly Bytes[];
  /** The certificate of the block below, as this block's proposer knew it; null at height 1. */
  readonly lastCommit: Certificate | null;
  readonly evidence: readonly Evidence[];
}

export const MAX_TRANSACTION_BYTES = 128 * 1024;
export const MAX_BLOCK_TRANSACTIONS = 200_000;
const MAX_EVIDENCE = 100;

/**
 * Canonical bytes of blocks that were decoded or encoded here. A block is never changed once it is made (its fields are
 * readonly), and decoding accepts nothing but the canonical form, so the bytes that were read are the bytes to write.
 */
const canonical = new WeakMap<Block, Bytes>();

export function writeBlock(writer: Writer, block: Block): void {
  const bytes = encodeBlock(block);
  writer.fixed(bytes, bytes.length);
}

function writeFields(writer: Writer, block: Block): void {
  writer.u8(1);
  writeHeader(writer, block.header);
  writer.list(block.transactions, MAX_BLOCK_TRANSACTIONS, (raw) => writer.bytes(raw, MAX_TRANSACTION_BYTES));
  writer.optional(block.lastCommit, (certificate) => writeCertificate(writer, certificate));
  writer.list(block.evidence, MAX_EVIDENCE, (evidence) => writeEvidence(writer, evidence));
}

export function readBlock(reader: Reader): Block {
  const start = reader.position;
  reader.version(1, 'block');
  const block: Block = {
    header: readHeader(reader),
    transactions: reader.list(MAX_BLOCK_TRANSACTIONS, 4, () => reader.bytes(MAX_TRANSACTION_BYTES)),
    lastCommit: reader.optional(() => readCertificate(reader)),
    evidence: reader.list(MAX_EVIDENCE, 1, () => readEvidence(reader)),
  };
  canonical.set(block, reader.since(start));
  return block;
}

/** Canonical bytes; to be read only, as others may hold the same array. */
export function encodeBlock(block: Block): Bytes {
  const known = canonical.get(block);
  if (known !== undefined) return known;
  const writer = new Writer();
  writeFields(writer, block);
  const bytes = writer.finish();
  canonical.set(block, bytes);
  return bytes;
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

export type BodyFault = 'txCount' | 'txRoot' | 'evidenceRoot' | 'prevCommitHash';

/** The first field of the header that its own body contradicts, or null. Checks no signature and executes nothing. */
export function checkBlockBody(block: Block): BodyFault | null {
  const { header } = block;
  if (header.txCount !== block.transactions.length) return 'txCount';
  if (!equalBytes(header.txRoot, transactionsRoot(block.transactions))) return 'txRoot';
  if (!equalBytes(header.evidenceRoot, evidenceRoot(block.evidence))) return 'evidenceRoot';
  const prevCommitHash = block.lastCommit === null ? ZERO_HASH : certificateHash(block.lastCommit);
  return equalBytes(header.prevCommitHash, prevCommitHash) && (block.lastCommit === null) === (header.height === 1n) ? null : 'prevCommitHash';
}
