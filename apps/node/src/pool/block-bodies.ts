import type { AdmittedTransaction } from '#evm';
import type { Bytes } from '#ledger';

/**
 * Which admitted transactions stand behind a block's body that this node has put together itself (built it, or found all of it in
 * its pool) or admitted already. By the body's own array, so that nothing is hashed again to be found again; it lives as long as the block does.
 */
export class BlockBodies {
  private readonly admitted = new WeakMap<readonly Bytes[], readonly AdmittedTransaction[]>();

  /** The body of these transactions. */
  make(transactions: readonly AdmittedTransaction[]): Bytes[] {
    const body = transactions.map(({ raw }) => raw);
    this.keep(body, transactions);
    return body;
  }

  /** @param body the transactions' `raw`s, in their order. */
  keep(body: readonly Bytes[], transactions: readonly AdmittedTransaction[]): void {
    this.admitted.set(body, transactions);
  }

  /** Undefined for a body that came over the wire, of which nothing is known yet. */
  of(body: readonly Bytes[]): readonly AdmittedTransaction[] | undefined {
    return this.admitted.get(body);
  }
}
