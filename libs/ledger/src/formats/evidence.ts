import { compareBytes, decodeAll, equalBytes, LedgerError, Writer, type Bytes, type Reader } from '../encoding/index.js';
import type { Verify } from './certificate.js';
import { SIGN_TAGS } from './vote.js';

/** One signed message, as the bytes that were signed and the signature over them. */
export interface SignedMessage {
  signBytes: Bytes;
  signature: Bytes;
}

/** Equivocation: two conflicting messages that one validator signed for the same height, round and kind. */
export interface Evidence {
  publicKey: Bytes;
  a: SignedMessage;
  b: SignedMessage;
}

/** Lengths of the sign bytes by their tag: see voteSignBytes and proposalSignBytes. */
const SIGN_LENGTHS = new Map<number, number>([[SIGN_TAGS.proposal, 81], [SIGN_TAGS.prevote, 78], [SIGN_TAGS.precommit, 78]]);
/** `tag | genesisHash | height | round`. */
const PREFIX_BYTES = 45;
const MAX_SIGN_BYTES = 81;

export function writeEvidence(writer: Writer, evidence: Evidence): void {
  const fault = conflictFault(evidence.a.signBytes, evidence.b.signBytes);
  if (fault !== null) throw new LedgerError('badEvidence', fault);
  writer.u8(1).fixed(evidence.publicKey, 32);
  for (const message of [evidence.a, evidence.b]) writer.bytes(message.signBytes, MAX_SIGN_BYTES).fixed(message.signature, 64);
}

export function readEvidence(reader: Reader): Evidence {
  reader.version(1, 'evidence');
  const publicKey = reader.fixed(32);
  const message = (): SignedMessage => ({ signBytes: reader.bytes(MAX_SIGN_BYTES), signature: reader.fixed(64) });
  const evidence = { publicKey, a: message(), b: message() };
  const fault = conflictFault(evidence.a.signBytes, evidence.b.signBytes);
  if (fault !== null) throw new LedgerError('badEvidence', fault);
  return evidence;
}

export function encodeEvidence(evidence: Evidence): Bytes {
  const writer = new Writer();
  writeEvidence(writer, evidence);
  return writer.finish();
}

export function decodeEvidence(bytes: Bytes): Evidence {
  return decodeAll(bytes, readEvidence);
}

/** Evidence from two conflicting messages, in either order. @throws LedgerError `badEvidence` where they do not conflict. */
export function makeEvidence(publicKey: Bytes, one: SignedMessage, other: SignedMessage): Evidence {
  const [a, b] = compareBytes(one.signBytes, other.signBytes) < 0 ? [one, other] : [other, one];
  const fault = conflictFault(a.signBytes, b.signBytes);
  if (fault !== null) throw new LedgerError('badEvidence', fault);
  return { publicKey, a, b };
}

/**
 * Whether evidence proves that its key equivocated on this chain: both signatures hold, over this genesis.
 * Who the key belongs to, and whether the height is recent enough, is the caller's question.
 */
export function verifyEvidence(evidence: Evidence, genesisHash: Bytes, verify: Verify): { ok: true } | { ok: false; code: 'otherChain' | 'noConflict' | 'badSignature' } {
  const { publicKey, a, b } = evidence;
  if (conflictFault(a.signBytes, b.signBytes) !== null) return { ok: false, code: 'noConflict' };
  if (!equalBytes(a.signBytes.subarray(1, 33), genesisHash)) return { ok: false, code: 'otherChain' };
  for (const message of [a, b]) if (!verify(publicKey, message.signBytes, message.signature)) return { ok: false, code: 'badSignature' };
  return { ok: true };
}

/** Whether the two messages are of one kind and place, and differ: no signature is checked. What was decoded is such. */
export function isConflict({ a, b }: Evidence): boolean {
  return conflictFault(a.signBytes, b.signBytes) === null;
}

/** What the key signed twice. */
export function evidenceKind({ a }: Evidence): 'proposal' | 'prevote' | 'precommit' {
  const kind = (['proposal', 'prevote', 'precommit'] as const).find((one) => SIGN_TAGS[one] === a.signBytes[0]);
  if (kind === undefined) throw new LedgerError('badEvidence', 'not two messages of one kind');
  return kind;
}

/** The height and round in which the key equivocated. */
export function evidencePlace(evidence: Evidence): { height: bigint; round: number } {
  const { signBytes } = evidence.a;
  const view = new DataView(signBytes.buffer, signBytes.byteOffset, signBytes.byteLength);
  return { height: view.getBigUint64(33), round: view.getUint32(41) };
}

/**
 * Sign bytes of proposals and votes begin with `tag | genesisHash | height | round`; two that agree there and differ after
 * it conflict. The smaller stands first, so that one equivocation has one encoding.
 */
function conflictFault(a: Bytes, b: Bytes): string | null {
  const length = SIGN_LENGTHS.get(a[0] ?? 0);
  if (length === undefined || a.length !== length || b.length !== length) return 'not two messages of one kind';
  if (!equalBytes(a.subarray(0, PREFIX_BYTES), b.subarray(0, PREFIX_BYTES))) return 'the messages differ in chain, height, round or kind';
  return compareBytes(a, b) < 0 ? null : 'the messages are equal, or stand in the wrong order';
}
