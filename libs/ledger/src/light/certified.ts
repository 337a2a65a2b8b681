import { equalBytes, to0x, type Bytes } from '../encoding/index.js';
import { verifyCertificate, type Certificate, type Verify } from '../formats/certificate.js';
import type { FaultModel } from '../formats/quorum.js';
import type { SignedHeader } from '../formats/validator-change.js';
import type { ValidatorSet } from '../formats/validators.js';
import { refused, type LightRefusal } from './refusal.js';

/** What a light client verifies with: the chain, and how signatures are checked. */
export interface LightChain {
  genesisHash: Bytes;
  faultModel: FaultModel;
  verify: Verify;
}

/** Whether the certificate is a commit of exactly this header, every signature of the set holds, and they are a quorum of it. */
export function checkCommit(chain: LightChain, { header, certificate }: SignedHeader, hash: Bytes, set: ValidatorSet): { ok: true; power: bigint } | LightRefusal {
  if (certificate.kind !== 'precommit') return refused('notACommit', 'the certificate holds prevotes: they certify no decision');
  if (certificate.height !== header.height) return refused('otherBlockCertified', `the certificate is of height ${certificate.height}, the header of height ${header.height}`);
  if (certificate.blockHash === null || !equalBytes(certificate.blockHash, hash)) {
    return refused('otherBlockCertified', `the header hashes to ${to0x(hash)}, the certificate is for ${certificate.blockHash === null ? 'no block' : to0x(certificate.blockHash)}`);
  }
  const check = verifyCertificate(certificate, set, chain.faultModel, chain.genesisHash, chain.verify);
  if (check.ok) return check;
  switch (check.code) {
    case 'notAscending':
      return refused('notAscending', 'the signatures of the certificate do not stand by ascending index');
    case 'unknownValidator':
      return refused('unknownValidator', `the certificate holds a signature of validator ${check.validator}; the chain has ${set.size}`);
    case 'badSignature':
      return refused('badSignature', `the signature of validator ${check.validator} in the certificate does not hold`);
    case 'noQuorum':
      return refused('noQuorum', `the certificate has ${check.power} of ${check.total} power, which is no quorum under ${chain.faultModel}`);
  }
}

/** The power that the signers of a certificate by `set` have in `trusted`, by their keys. */
export function commonPower(certificate: Certificate, set: ValidatorSet, trusted: ValidatorSet): bigint {
  let power = 0n;
  for (const { validator } of certificate.signatures) {
    const signer = set.at(validator);
    if (signer !== undefined) power += trusted.at(trusted.indexOf(signer.publicKey))?.power ?? 0n;
  }
  return power;
}

/**
 * Enough of the trusted set for a skip. BFT 3·p > V: one of them is honest, and it signs no block but the chain's. CFT 2·p > V:
 * one signer would do if nobody ever lied; asking for as many as decide there keeps a single leaked key worthless.
 */
export function isOverlap(model: FaultModel, power: bigint, total: bigint): boolean {
  return model === 'BFT' ? 3n * power > total : 2n * power > total;
}
