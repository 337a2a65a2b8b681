import { decodeAll, LedgerError, Writer, type Bytes, type Reader } from '../encoding/index.js';
import { verify as verifyEd25519 } from '../crypto/ed25519.js';
import { sha256 } from '../crypto/hash.js';
import { isQuorum, type FaultModel } from './quorum.js';
import { MAX_VALIDATORS, type ValidatorSet } from './validators.js';
import { readVoteKind, voteSignBytes, writeVoteKind, type VoteContent } from './vote.js';

/** A quorum's equal votes: of prevotes a polka, of precommits a commit. Signatures by ascending index, none twice. */
export interface Certificate extends VoteContent {
  signatures: readonly CertificateSignature[];
}

export interface CertificateSignature {
  validator: number;
  signature: Bytes;
}

/** How signatures are checked: the ledger's own Ed25519, or the simulator's. */
export type Verify = (publicKey: Bytes, message: Bytes, signature: Bytes) => boolean;

export function writeCertificate(writer: Writer, certificate: Certificate): void {
  writer.u8(1);
  writeVoteKind(writer, certificate.kind);
  writer.u64(certificate.height).u32(certificate.round).optional(certificate.blockHash, (hash) => writer.fixed(hash, 32));
  let previous = -1;
  writer.list(certificate.signatures, MAX_VALIDATORS, ({ validator, signature }) => {
    if (validator <= previous) throw new LedgerError('notCanonical', 'signatures of a certificate stand by ascending index');
    previous = validator;
    writer.u32(validator).fixed(signature, 64);
  });
}

export function readCertificate(reader: Reader): Certificate {
  reader.version(1, 'certificate');
  const kind = readVoteKind(reader);
  const height = reader.u64();
  const round = reader.u32();
  const hash = reader.optional(() => reader.fixed(32));
  let previous = -1;
  const signatures = reader.list(MAX_VALIDATORS, 68, () => {
    const validator = reader.u32();
    if (validator <= previous) throw new LedgerError('notCanonical', 'signatures of a certificate stand by ascending index');
    previous = validator;
    return { validator, signature: reader.fixed(64) };
  });
  return { kind, height, round, blockHash: hash, signatures };
}

export function encodeCertificate(certificate: Certificate): Bytes {
  const writer = new Writer();
  writeCertificate(writer, certificate);
  return writer.finish();
}

export function decodeCertificate(bytes: Bytes): Certificate {
  return decodeAll(bytes, readCertificate);
}

/** What the next header's prevCommitHash holds. */
export function certificateHash(certificate: Certificate): Bytes {
  return sha256(encodeCertificate(certificate));
}

export type CertificateCheck =
  | { ok: true; power: bigint }
  | { ok: false; code: 'unknownValidator' | 'notAscending' | 'badSignature'; validator: number }
  | { ok: false; code: 'noQuorum'; power: bigint; total: bigint };

/**
 * Checks every signature, by index in the set; one bad one refuses the whole (stopping once a quorum is reached would let
 * unchecked signatures through: GHSA-6jqj-f58p-mrw3).
 */
export function verifyCertificate(certificate: Certificate, set: ValidatorSet, model: FaultModel, genesisHash: Bytes, verify: Verify = verifyEd25519): CertificateCheck {
  const message = voteSignBytes(genesisHash, certificate);
  let power = 0n;
  let previous = -1;
  for (const { validator, signature } of certificate.signatures) {
    if (validator <= previous) return { ok: false, code: 'notAscending', validator };
    previous = validator;
    const member = set.at(validator);
    if (member === undefined) return { ok: false, code: 'unknownValidator', validator };
    if (!verify(member.publicKey, message, signature)) return { ok: false, code: 'badSignature', validator };
    power += member.power;
  }
  return isQuorum(model, power, set.total) ? { ok: true, power } : { ok: false, code: 'noQuorum', power, total: set.total };
}
