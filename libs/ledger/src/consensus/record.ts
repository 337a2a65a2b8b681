import { decodeAll, LedgerError, Writer, type Bytes } from '../encoding/index.js';
import { readBlock, writeBlock, type Block } from '../formats/block.js';
import { readCertificate, writeCertificate, type Certificate } from '../formats/certificate.js';
import { MAX_VALIDATORS } from '../formats/validators.js';
import { readVote, writeVote, type Vote } from '../formats/vote.js';

export type SignedKind = 'proposal' | 'prevote' | 'precommit';

/**
 * One signed message with the lock state at its signing: what the log holds, and what a restart replays. The block stands in
 * a record that locks it: were it nowhere after a power failure of the whole site, nothing could be decided any more.
 */
export interface LogRecord {
  height: bigint;
  round: number;
  kind: SignedKind;
  /** What the message names; null for a nil vote. */
  blockHash: Bytes | null;
  signBytes: Bytes;
  signature: Bytes;
  lockedRound: number;
  lockedHash: Bytes | null;
  validRound: number;
  validHash: Bytes | null;
  /** The prevotes behind validRound. */
  polka: Certificate | null;
  block: Block | null;
  /**
   * The votes that let this node into the round, in its first record of the round: were they nowhere after a power failure
   * of the whole site, too few nodes could be ahead for the others ever to follow.
   */
  entryProof: readonly Vote[];
}

/** What is to be signed, with all that its record will hold. */
export type SignRequest = Omit<LogRecord, 'signature'>;

/** An encoded vote for nil. */
const MIN_VOTE_BYTES = 83;

const KINDS: readonly SignedKind[] = ['proposal', 'prevote', 'precommit'];

export function encodeLogRecord(record: LogRecord): Bytes {
  const writer = new Writer();
  const hash = (value: Bytes): void => void writer.fixed(value, 32);
  writer.u8(1).u64(record.height).u32(record.round).u8(KINDS.indexOf(record.kind)).optional(record.blockHash, hash);
  writer.bytes(record.signBytes).fixed(record.signature, 64);
  writer.u32(record.lockedRound + 1).optional(record.lockedHash, hash).u32(record.validRound + 1).optional(record.validHash, hash);
  writer.optional(record.polka, (polka) => writeCertificate(writer, polka));
  writer.optional(record.block, (block) => writeBlock(writer, block));
  writer.list(record.entryProof, MAX_VALIDATORS, (vote) => writeVote(writer, vote));
  return writer.finish();
}

export function decodeLogRecord(bytes: Bytes): LogRecord {
  return decodeAll(bytes, (reader) => {
    reader.version(1, 'log record');
    const height = reader.u64();
    const round = reader.u32();
    const kind = KINDS[reader.u8()];
    if (kind === undefined) throw new LedgerError('badTag', 'unknown kind of log record');
    const hash = (): Bytes => reader.fixed(32);
    return {
      height, round, kind, blockHash: reader.optional(hash), signBytes: reader.bytes(256), signature: reader.fixed(64),
      lockedRound: reader.u32() - 1, lockedHash: reader.optional(hash), validRound: reader.u32() - 1, validHash: reader.optional(hash),
      polka: reader.optional(() => readCertificate(reader)), block: reader.optional(() => readBlock(reader)),
      entryProof: reader.list(MAX_VALIDATORS, MIN_VOTE_BYTES, () => readVote(reader)),
    };
  });
}
