import { LedgerError, Writer, type Bytes, type Reader } from '../encoding/index.js';

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

const MAX_SIGN_BYTES = 256;

export function writeEvidence(writer: Writer, evidence: Evidence): void {
  writer.u8(1).fixed(evidence.publicKey, 32);
  for (const message of [evidence.a, evidence.b]) writer.bytes(message.signBytes).fixed(message.signature, 64);
}

export function readEvidence(reader: Reader): Evidence {
  reader.version(1, 'evidence');
  const publicKey = reader.fixed(32);
  const message = (): SignedMessage => ({ signBytes: reader.bytes(MAX_SIGN_BYTES), signature: reader.fixed(64) });
  return { publicKey, a: message(), b: message() };
}

export function encodeEvidence(evidence: Evidence): Bytes {
  if (evidence.a.signBytes.length > MAX_SIGN_BYTES || evidence.b.signBytes.length > MAX_SIGN_BYTES) throw new LedgerError('tooLong', 'signed bytes of evidence are too long');
  const writer = new Writer();
  writeEvidence(writer, evidence);
  return writer.finish();
}
