import { decodeAll, LedgerError, Writer, type Bytes, type Reader } from '../encoding/index.js';
import { readBlock, writeBlock, type Block } from './block.js';
import { readCertificate, writeCertificate, type Certificate } from './certificate.js';
import { SIGN_TAGS } from './vote.js';

export interface Proposal {
  height: bigint;
  round: number;
  /** Round of the polka behind a re-proposal, or −1. */
  polRound: number;
  blockHash: Bytes;
  /** Index in the validator set. */
  proposer: number;
  signature: Bytes;
  block: Block;
  /** The prevotes of `polRound`; null iff polRound is −1. */
  polka: Certificate | null;
}

const NO_POL_ROUND = 0xffff_ffff;

function polRoundField(polRound: number): number {
  if (polRound >= NO_POL_ROUND) throw new LedgerError('outOfRange', `${polRound} is no round`);
  return polRound === -1 ? NO_POL_ROUND : polRound;
}

/** 81 bytes: `tag u8 | genesisHash[32] | height u64 | round u32 | polRound u32 (2^32 − 1 for none) | blockHash[32]`. */
export function proposalSignBytes(genesisHash: Bytes, proposal: Pick<Proposal, 'height' | 'round' | 'polRound' | 'blockHash'>): Bytes {
  return new Writer()
    .u8(SIGN_TAGS.proposal).fixed(genesisHash, 32).u64(proposal.height).u32(proposal.round)
    .u32(polRoundField(proposal.polRound)).fixed(proposal.blockHash, 32)
    .finish();
}

export function writeProposal(writer: Writer, proposal: Proposal): void {
  writer.u8(1).u64(proposal.height).u32(proposal.round).u32(polRoundField(proposal.polRound));
  if ((proposal.polka === null) !== (proposal.polRound === -1)) throw new LedgerError('notCanonical', 'a polka stands exactly where polRound names its round');
  writer.fixed(proposal.blockHash, 32).u32(proposal.proposer).fixed(proposal.signature, 64);
  writeBlock(writer, proposal.block);
  writer.optional(proposal.polka, (polka) => writeCertificate(writer, polka));
}

export function readProposal(reader: Reader): Proposal {
  reader.version(1, 'proposal');
  const height = reader.u64();
  const round = reader.u32();
  const pol = reader.u32();
  const proposal: Proposal = {
    height, round, polRound: pol === NO_POL_ROUND ? -1 : pol, blockHash: reader.fixed(32), proposer: reader.u32(), signature: reader.fixed(64),
    block: readBlock(reader), polka: reader.optional(() => readCertificate(reader)),
  };
  if ((proposal.polka === null) !== (proposal.polRound === -1)) throw new LedgerError('notCanonical', 'a polka stands exactly where polRound names its round');
  return proposal;
}

export function encodeProposal(proposal: Proposal): Bytes {
  const writer = new Writer();
  writeProposal(writer, proposal);
  return writer.finish();
}

export function decodeProposal(bytes: Bytes): Proposal {
  return decodeAll(bytes, readProposal);
}
