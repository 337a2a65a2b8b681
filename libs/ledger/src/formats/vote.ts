import { decodeAll, LedgerError, Writer, ZERO_HASH, type Bytes, type Reader } from '../encoding/index.js';

export type VoteKind = 'prevote' | 'precommit';

/** What a vote says, without who says it. */
export interface VoteContent {
  kind: VoteKind;
  height: bigint;
  round: number;
  /** null votes nil. */
  blockHash: Bytes | null;
}

export interface Vote extends VoteContent {
  /** Index in the validator set of the height. */
  validator: number;
  signature: Bytes;
}

/** First byte of everything that a validator's key signs, so that no two kinds can be confused. */
export const SIGN_TAGS = { proposal: 0x01, prevote: 0x02, precommit: 0x03, endpoints: 0x10, enrolment: 0x11, binding: 0x12 } as const;

/**
 * What a vote's signature covers, 78 bytes: `tag u8 | genesisHash[32] | height u64 | round u32 | flag u8 | blockHash[32]`;
 * flag 0 and 32 zero bytes for nil. No time stands in it, so every precommit of a block covers the same bytes.
 */
export function voteSignBytes(genesisHash: Bytes, vote: VoteContent): Bytes {
  return new Writer()
    .u8(SIGN_TAGS[vote.kind]).fixed(genesisHash, 32).u64(vote.height).u32(vote.round)
    .u8(vote.blockHash === null ? 0 : 1).fixed(vote.blockHash ?? ZERO_HASH, 32)
    .finish();
}

export function writeVoteKind(writer: Writer, kind: VoteKind): void {
  writer.u8(SIGN_TAGS[kind]);
}

export function readVoteKind(reader: Reader): VoteKind {
  const tag = reader.u8();
  if (tag === SIGN_TAGS.prevote) return 'prevote';
  if (tag === SIGN_TAGS.precommit) return 'precommit';
  throw new LedgerError('badTag', `${tag} is no kind of vote`);
}

export function writeVote(writer: Writer, vote: Vote): void {
  writer.u8(1);
  writeVoteKind(writer, vote.kind);
  writer.u64(vote.height).u32(vote.round).optional(vote.blockHash, (hash) => writer.fixed(hash, 32)).u32(vote.validator).fixed(vote.signature, 64);
}

export function readVote(reader: Reader): Vote {
  reader.version(1, 'vote');
  return {
    kind: readVoteKind(reader),
    height: reader.u64(),
    round: reader.u32(),
    blockHash: reader.optional(() => reader.fixed(32)),
    validator: reader.u32(),
    signature: reader.fixed(64),
  };
}

export function encodeVote(vote: Vote): Bytes {
  const writer = new Writer();
  writeVote(writer, vote);
  return writer.finish();
}

export function decodeVote(bytes: Bytes): Vote {
  return decodeAll(bytes, readVote);
}
