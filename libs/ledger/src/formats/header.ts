import { decodeAll, Writer, type Bytes, type Reader } from '../encoding/index.js';
import { sha256 } from '../crypto/hash.js';

/** What a certificate signs, by its hash. All hashes 32 bytes. The round is not in it: a re-proposed block keeps its hash. */
export interface Header {
  version: 1;
  genesisHash: Bytes;
  height: bigint;
  /** Hash of the header below; genesisHash at height 1. */
  prevHash: Bytes;
  /** Hash of the commit certificate of the block below, which stands in this block; zero at height 1. */
  prevCommitHash: Bytes;
  /** Milliseconds since 1970, strictly increasing. */
  timeMs: bigint;
  /** Public key of who built the block. */
  proposer: Bytes;
  txRoot: Bytes;
  txCount: number;
  /** The state after this block. */
  stateRoot: Bytes;
  receiptsRoot: Bytes;
  validatorsHash: Bytes;
  nextValidatorsHash: Bytes;
  paramsHash: Bytes;
  evidenceRoot: Bytes;
}

/** Every header takes exactly so many bytes. */
export const HEADER_BYTES = 1 + 32 + 8 + 32 + 32 + 8 + 32 + 32 + 4 + 32 * 6;

export function writeHeader(writer: Writer, header: Header): void {
  writer
    .u8(header.version).fixed(header.genesisHash, 32).u64(header.height).fixed(header.prevHash, 32).fixed(header.prevCommitHash, 32)
    .u64(header.timeMs).fixed(header.proposer, 32).fixed(header.txRoot, 32).u32(header.txCount).fixed(header.stateRoot, 32)
    .fixed(header.receiptsRoot, 32).fixed(header.validatorsHash, 32).fixed(header.nextValidatorsHash, 32).fixed(header.paramsHash, 32)
    .fixed(header.evidenceRoot, 32);
}

export function readHeader(reader: Reader): Header {
  reader.version(1, 'header');
  return {
    version: 1,
    genesisHash: reader.fixed(32),
    height: reader.u64(),
    prevHash: reader.fixed(32),
    prevCommitHash: reader.fixed(32),
    timeMs: reader.u64(),
    proposer: reader.fixed(32),
    txRoot: reader.fixed(32),
    txCount: reader.u32(),
    stateRoot: reader.fixed(32),
    receiptsRoot: reader.fixed(32),
    validatorsHash: reader.fixed(32),
    nextValidatorsHash: reader.fixed(32),
    paramsHash: reader.fixed(32),
    evidenceRoot: reader.fixed(32),
  };
}

export function encodeHeader(header: Header): Bytes {
  const writer = new Writer();
  writeHeader(writer, header);
  return writer.finish();
}

export function decodeHeader(bytes: Bytes): Header {
  return decodeAll(bytes, readHeader);
}

/** SHA-256 over the canonical header. */
export function blockHash(header: Header): Bytes {
  return sha256(encodeHeader(header));
}
