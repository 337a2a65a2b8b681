import {
  decodeAll, decodeCertificate, decodeEvidence, decodeProposal, decodeVote, encodeBlock, encodeCertificate, encodeEvidence, encodeProposal, encodeVote, evidencePlace, readVote,
  writeVote, Writer, type Block, type Bytes, type Certificate, type Message,
} from '#ledger';
import { encodeFrame, FRAME } from './frames.js';

/** Payloads of the frames. Every decoder throws a LedgerError for what is not canonical. */

const MAX_TRANSACTIONS = 4096;
const MAX_TRANSACTION_BYTES = 128 * 1024;
const MAX_PROOF_VOTES = 1000;
const VOTE_BYTES = 83;

export interface Hello {
  genesisHash: Bytes;
  height: bigint;
}

export function helloFrame(hello: Hello): Buffer {
  return encodeFrame(FRAME.hello, new Writer().fixed(hello.genesisHash, 32).u64(hello.height).finish());
}

export function decodeHello(payload: Bytes): Hello {
  return decodeAll(payload, (reader) => ({ genesisHash: reader.fixed(32), height: reader.u64() }));
}

export function messageFrame(message: Message): Buffer {
  switch (message.type) {
    case 'proposal': return encodeFrame(FRAME.proposal, encodeProposal(message.proposal));
    case 'vote': return encodeFrame(FRAME.vote, encodeVote(message.vote));
    case 'certificate': return encodeFrame(FRAME.certificate, encodeCertificate(message.certificate));
    case 'skipProof': {
      const writer = new Writer();
      writer.list(message.votes, MAX_PROOF_VOTES, (vote) => writeVote(writer, vote));
      return encodeFrame(FRAME.skipProof, writer.finish());
    }
    case 'evidence': return encodeFrame(FRAME.evidence, encodeEvidence(message.evidence));
  }
}

/** The consensus message in a frame, or null where the frame is of another kind. */
export function decodeMessage(type: number, payload: Bytes): Message | null {
  switch (type) {
    case FRAME.proposal: return { type: 'proposal', proposal: decodeProposal(payload) };
    case FRAME.vote: return { type: 'vote', vote: decodeVote(payload) };
    case FRAME.certificate: return { type: 'certificate', certificate: decodeCertificate(payload) };
    case FRAME.skipProof: return { type: 'skipProof', votes: decodeAll(payload, (reader) => reader.list(MAX_PROOF_VOTES, VOTE_BYTES, () => readVote(reader))) };
    case FRAME.evidence: return { type: 'evidence', evidence: decodeEvidence(payload) };
    default: return null;
  }
}

/** The height that a message is about. An empty proof is about none. */
export function heightOf(message: Message): bigint {
  switch (message.type) {
    case 'proposal': return message.proposal.height;
    case 'vote': return message.vote.height;
    case 'certificate': return message.certificate.height;
    case 'skipProof': return message.votes[0]?.height ?? 0n;
    case 'evidence': return evidencePlace(message.evidence).height;
  }
}

const SIGNATURE_BYTES = 68;
/** Header, signature and what else a proposal is beside transactions and certificates. */
const PROPOSAL_BYTES = 512;
const EVIDENCE_BYTES = 330;

/** About how many bytes a message takes here. */
export function sizeOf(message: Message): number {
  switch (message.type) {
    case 'proposal': {
      const { block, polka } = message.proposal;
      const signatures = (block.lastCommit?.signatures.length ?? 0) + (polka?.signatures.length ?? 0);
      return block.transactions.reduce((sum, raw) => sum + raw.length, PROPOSAL_BYTES) + signatures * SIGNATURE_BYTES + block.evidence.length * EVIDENCE_BYTES;
    }
    case 'vote': return VOTE_BYTES;
    case 'certificate': return VOTE_BYTES + message.certificate.signatures.length * SIGNATURE_BYTES;
    case 'skipProof': return message.votes.length * VOTE_BYTES;
    case 'evidence': return EVIDENCE_BYTES;
  }
}

export function transactionsFrame(raw: readonly Bytes[]): Buffer {
  const writer = new Writer();
  writer.list(raw, MAX_TRANSACTIONS, (one) => writer.bytes(one, MAX_TRANSACTION_BYTES));
  return encodeFrame(FRAME.transactions, writer.finish());
}

export function decodeTransactions(payload: Bytes): Bytes[] {
  return decodeAll(payload, (reader) => reader.list(MAX_TRANSACTIONS, 4, () => reader.bytes(MAX_TRANSACTION_BYTES)));
}

export function heldFrame(hashes: readonly Bytes[]): Buffer {
  const writer = new Writer();
  writer.list(hashes, MAX_TRANSACTIONS, (hash) => writer.fixed(hash, 32));
  return encodeFrame(FRAME.transactionsHeld, writer.finish());
}

export function decodeHeld(payload: Bytes): Bytes[] {
  return decodeAll(payload, (reader) => reader.list(MAX_TRANSACTIONS, 32, () => reader.fixed(32)));
}

export function blocksWantedFrame(from: bigint, to: bigint): Buffer {
  return encodeFrame(FRAME.blocksWanted, new Writer().u64(from).u64(to).finish());
}

export function decodeBlocksWanted(payload: Bytes): { from: bigint; to: bigint } {
  return decodeAll(payload, (reader) => ({ from: reader.u64(), to: reader.u64() }));
}

export function blocksEndFrame(from: bigint, to: bigint): Buffer {
  return encodeFrame(FRAME.blocksEnd, new Writer().u64(from).u64(to).finish());
}

export const decodeBlocksEnd = decodeBlocksWanted;

const MAX_BLOCK_FRAME_BYTES = 0xffff_ffff;

/** @param block canonical bytes. */
export function decidedBlockFrame(block: Bytes | Block, certificate: Certificate): Buffer {
  const bytes = block instanceof Uint8Array ? block : encodeBlock(block);
  return encodeFrame(FRAME.decidedBlock, new Writer().bytes(bytes, MAX_BLOCK_FRAME_BYTES).bytes(encodeCertificate(certificate), MAX_BLOCK_FRAME_BYTES).finish());
}

/** Block and certificate as their own canonical bytes: decoded by whoever wants them. */
export function splitDecidedBlock(payload: Bytes): { block: Bytes; certificate: Bytes } {
  return decodeAll(payload, (reader) => ({ block: reader.bytes(MAX_BLOCK_FRAME_BYTES), certificate: reader.bytes(MAX_BLOCK_FRAME_BYTES) }));
}

export const TRANSACTIONS_PER_FRAME = MAX_TRANSACTIONS;
