import type { ChainStore } from '#evm';
import { equalBytes, toHex, verifyCertificate, type Certificate, type FaultModel, type HaltProof, type Header, type Message, type ValidatorSet, type Verify } from '#ledger';

export interface ConflictWatchParts {
  store: ChainStore;
  faultModel: FaultModel;
  verify: Verify;
  found: (reason: string, proof: HaltProof) => void;
}

/** What is to be thought of who sent a certificate: `sound` also where this node cannot tell. */
export type Verdict = 'sound' | 'false' | 'conflict';

/**
 * Rule 17 for heights that are decided here: a certificate of another block at such a height, if it holds, is proof that validators
 * with at least a third of the power signed both. Nobody can say any more which of the two is the chain.
 */
export class ConflictWatch {
  constructor(private readonly parts: ConflictWatchParts) {}

  heard(certificate: Certificate): Verdict {
    const { store, faultModel, verify, found } = this.parts;
    const { height, blockHash, kind } = certificate;
    if (kind !== 'precommit' || blockHash === null || height < 1n || height > store.head().height) return 'sound';
    const [header, own] = [store.header(height), store.certificate(height)];
    if (header === null || own === null || own.blockHash === null || equalBytes(own.blockHash, blockHash)) return 'sound';
    const validators = this.validatorsOf(header);
    if (validators === undefined) return 'sound';
    if (!verifyCertificate(certificate, validators, faultModel, store.genesisHash, verify).ok) return 'false';
    const reason = `two certificates of height ${height}: for ${toHex(own.blockHash)} in round ${own.round}, decided here, and for ${toHex(blockHash)} in round ${certificate.round}`;
    found(reason, { certificates: [own, certificate], block: null });
    return 'conflict';
  }

  private validatorsOf(header: Header): ValidatorSet | undefined {
    const set = this.parts.store.validatorsAt(header.height);
    return equalBytes(set.hash, header.validatorsHash) ? set : undefined;
  }
}

/** The certificate that a message is, or that the block in it holds. */
export function commitIn(message: Message): Certificate | null {
  if (message.type === 'certificate') return message.certificate;
  return message.type === 'proposal' ? message.proposal.block.lastCommit : null;
}
