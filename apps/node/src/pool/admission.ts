import { keccak256, type AdmittedTransaction, type Executor } from '#evm';
import { toHex, type Bytes } from '#ledger';

/** Admitted transactions that are remembered: those of some blocks and of the whole pool. */
const MAX_REMEMBERED = 30_000;

/** Decodes and recovers each transaction once: at its first sight, by RPC, gossip or block, and never again. */
export class Admission {
  private readonly known = new Map<string, AdmittedTransaction>();

  constructor(private readonly executor: Pick<Executor, 'admit'>) {}

  /**
   * @param hash its Keccak-256 where the caller has it.
   * @throws EvmError
   */
  admit(raw: Bytes, hash: Bytes = keccak256(raw)): AdmittedTransaction {
    const known = this.known.get(toHex(hash));
    if (known !== undefined) return known;
    const admitted = this.executor.admit(raw, hash);
    this.known.set(admitted.key, admitted);
    if (this.known.size > MAX_REMEMBERED) {
      const oldest = this.known.keys().next().value;
      if (oldest !== undefined) this.known.delete(oldest);
    }
    return admitted;
  }
}
