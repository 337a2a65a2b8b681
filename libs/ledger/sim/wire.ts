import {
  decodeAll, decodeCertificate, decodeEvidence, decodeProposal, decodeVote, encodeCertificate, encodeEvidence, encodeProposal, encodeVote, equalBytes, evidencePlace, LedgerError, readVote, Writer, writeVote,
  type Bytes, type Message,
} from '../src/index.js';
import type { Prng } from './prng.js';

/** A consensus message as bytes, through the real encodings. */
export interface WireMessage {
  type: Message['type'];
  bytes: Bytes;
}

const MAX_PROOF_VOTES = 1000;
const VOTE_BYTES = 83;

function encode(message: Message): Bytes {
  switch (message.type) {
    // A block of its own, so that it is encoded from its fields and not from the bytes that it came in.
    case 'proposal': return encodeProposal({ ...message.proposal, block: { ...message.proposal.block } });
    case 'vote': return encodeVote(message.vote);
    case 'certificate': return encodeCertificate(message.certificate);
    case 'skipProof': {
      const writer = new Writer();
      writer.list(message.votes, MAX_PROOF_VOTES, (vote) => writeVote(writer, vote));
      return writer.finish();
    }
    case 'evidence': return encodeEvidence(message.evidence);
  }
}

function decode({ type, bytes }: WireMessage): Message {
  switch (type) {
    case 'proposal': return { type, proposal: decodeProposal(bytes) };
    case 'vote': return { type, vote: decodeVote(bytes) };
    case 'certificate': return { type, certificate: decodeCertificate(bytes) };
    case 'skipProof': return { type, votes: decodeAll(bytes, (reader) => reader.list(MAX_PROOF_VOTES, VOTE_BYTES, () => readVote(reader))) };
    case 'evidence': return { type, evidence: decodeEvidence(bytes) };
  }
}

/** The height that a message is about. */
export function heightOf(message: Message): bigint {
  switch (message.type) {
    case 'proposal': return message.proposal.height;
    case 'vote': return message.vote.height;
    case 'certificate': return message.certificate.height;
    case 'skipProof': return message.votes[0]?.height ?? 0n;
    case 'evidence': return evidencePlace(message.evidence).height;
  }
}

/** What was read from the same bytes, by whichever receiver first: reading is a function of them. */
const read = new WeakMap<WireMessage, Message | null>();

/** Null for what has no encoding: only liars make such messages. */
export function toWire(message: Message): WireMessage | null {
  try {
    return { type: message.type, bytes: encode(message) };
  } catch (error) {
    if (error instanceof LedgerError) return null;
    throw error;
  }
}

/** Null where the bytes are refused, as they must be where they are not canonical. @throws Error where others were accepted. */
export function fromWire(wire: WireMessage): Message | null {
  let message = read.get(wire);
  if (message === undefined) {
    message = readOnce(wire);
    read.set(wire, message);
  }
  return message;
}

function readOnce(wire: WireMessage): Message | null {
  let message: Message;
  try {
    message = decode(wire);
  } catch (error) {
    if (error instanceof LedgerError) return null;
    throw error;
  }
  if (!equalBytes(encode(message), wire.bytes)) throw new Error(`a ${wire.type} was decoded from bytes that are not its encoding`);
  return message;
}

/** One signature of a certificate: `validator u32 | signature[64]`. */
const SIGNATURE_BYTES = 68;

/** Bytes that a faulty sender made of a message: longer, shorter, in another order, or with one byte changed. */
export function distort({ type, bytes }: WireMessage, random: Prng): WireMessage {
  if (type === 'certificate' && bytes.length > 3 * SIGNATURE_BYTES && random.chance(0.5)) {
    const [last, one] = [bytes.slice(-SIGNATURE_BYTES), bytes.slice(-2 * SIGNATURE_BYTES, -SIGNATURE_BYTES)];
    return { type, bytes: Uint8Array.of(...bytes.subarray(0, -2 * SIGNATURE_BYTES), ...last, ...one) };
  }
  switch (random.below(4)) {
    case 0: return { type, bytes: Uint8Array.of(...bytes, 0) };
    case 1: return { type, bytes: bytes.slice(0, random.below(bytes.length)) };
    default: {
      const changed = bytes.slice();
      // Versions, flags and lengths stand near the beginning more often than not.
      const at = random.chance(0.5) ? random.below(Math.min(changed.length, 64)) : random.below(changed.length);
      changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8));
      return { type, bytes: changed };
    }
  }
}
