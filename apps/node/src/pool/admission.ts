import { EvmError, keccak256, type AdmittedTransaction, type Executor, type Recovered } from '#evm';
import { toHex, type Bytes } from '#ledger';
import type { Pool } from './pool.js';

/** Transactions that came in a block and were never in the pool: of some blocks, as one may be proposed again. */
const MAX_REMEMBERED = 10_000;

/** Decodes and recovers each transaction once: at its first sight, by RPC, gossip or block, and never again. */
export class Admission {
  private readonly fromBlocks = new Map<string, AdmittedTransaction>();

  constructor(
    private readonly executor: Pick<Executor, 'admit'>,
    private readonly pool: Pool,
  ) {}

  /**
   * @param hash its Keccak-256 where the caller has it.
   * @throws EvmError
   */
  admit(raw: Bytes, hash: Bytes = keccak256(raw)): AdmittedTransaction {
    return this.known(toHex(hash)) ?? this.executor.admit(raw, hash);
  }

  /** The same for a transaction of a block: it is remembered even though the pool does not hold it. */
  admitFromBlock(raw: Bytes): AdmittedTransaction {
    const hash = keccak256(raw);
    const known = this.known(toHex(hash));
    if (known !== undefined) return known;
    return this.remember(this.executor.admit(raw, hash));
  }

  /** A block's transactions, whose senders threads have recovered; null where one cannot be admitted: `admitFromBlock` says why. */
  withSenders(raws: readonly Bytes[], recovered: Recovered): AdmittedTransaction[] | null {
    const admitted: AdmittedTransaction[] = [];
    for (const [i, raw] of raws.entries()) {
      const sender = recovered.sender(i);
      if (sender === null) return null;
      const hash = recovered.hash(i);
      try {
        admitted.push(this.known(toHex(hash)) ?? this.executor.admit(raw, hash, sender));
      } catch (error) {
        if (error instanceof EvmError) return null;
        throw error;
      }
    }
    return admitted;
  }

  private remember(admitted: AdmittedTransaction): AdmittedTransaction {
    this.fromBlocks.set(admitted.key, admitted);
    if (this.fromBlocks.size > MAX_REMEMBERED) {
      const oldest = this.fromBlocks.keys().next().value;
      if (oldest !== undefined) this.fromBlocks.delete(oldest);
    }
    return admitted;
  }

  private known(key: string): AdmittedTransaction | undefined {
    return this.pool.byKey(key) ?? this.fromBlocks.get(key);
  }
}
