import { blockHash, checkBlockBody, decodeBlock, decodeCertificate, equalBytes, verifyCertificate, type Block, type Bytes, type Certificate, type FaultModel, type ValidatorSet, type Verify } from '#ledger';
import type { Recovered } from '#evm';

/** What a decoded transaction takes beside its bytes. */
const VIEW_BYTES = 120;

/** A decided block as a peer gave it. */
export interface OfferedBlock {
  peer: string;
  block: Block;
  certificate: Certificate;
  /** What it takes here. */
  bytes: number;
  /** By a quorum of the validators of the height that was decided here when it came. */
  certified: boolean;
  /** Who sent its transactions, while threads find it out; null where nobody does. */
  senders: Promise<Recovered | null> | null;
  /** Resolves when its transactions are admitted; null where that has not begun. */
  admitted: Promise<void> | null;
  ready: boolean;
}

export interface CertificateContext {
  genesisHash: Bytes;
  faultModel: FaultModel;
  verify: Verify;
}

/**
 * Decodes a block and its certificate and checks what follows from their bytes: that the certificate is a commit of this header, and
 * the body the header's. A true header with a forged body would look like a diverged chain, and halt this node.
 * @returns null for what no honest peer sends. @throws LedgerError where the bytes are not canonical.
 */
export function readOffered(peer: string, blockBytes: Bytes, certificateBytes: Bytes): OfferedBlock | null {
  const block = decodeBlock(blockBytes);
  const certificate = decodeCertificate(certificateBytes);
  const fits = certificate.kind === 'precommit' && certificate.height === block.header.height && certificate.blockHash !== null && equalBytes(certificate.blockHash, blockHash(block.header));
  if (!fits || checkBlockBody(block) !== null) return null;
  return { peer, block, certificate, bytes: blockBytes.length + certificateBytes.length + block.transactions.length * VIEW_BYTES, certified: false, senders: null, admitted: null, ready: false };
}

/** Whether these validators are its header's, and a quorum of them certified it, every signature checked. */
export function isCertified({ block, certificate }: OfferedBlock, set: ValidatorSet, { genesisHash, faultModel, verify }: CertificateContext): boolean {
  const { header } = block;
  return equalBytes(header.genesisHash, genesisHash) && equalBytes(header.validatorsHash, set.hash) && verifyCertificate(certificate, set, faultModel, genesisHash, verify).ok;
}
