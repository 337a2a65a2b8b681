import type { AdmittedTransaction, TransactionPlace } from '#evm';
import type { Bytes } from '#ledger';
import type { ChainAccess, RpcBackend } from '../backend.js';
import { formatHeader, type RpcHeader } from '../format/block.js';

type BlockListener = (chain: ChainAccess) => void;
type PendingListener = (transaction: AdmittedTransaction) => void;

/** Spreads the node's events to subscriptions, filters and waiting calls; listens to the node from the first of them on. */
export class EventHub {
  private readonly blockListeners = new Set<BlockListener>();
  private readonly pendingListeners = new Set<PendingListener>();
  private readonly leave: (() => void)[] = [];
  private lastHeader: { height: bigint; header: RpcHeader } | undefined;

  constructor(private readonly backend: RpcBackend) {}

  /** Told after every commit; answers what removes the listener. It reads from the chain what it has not seen, so none is missed. */
  onBlock(listener: BlockListener): () => void {
    this.listen();
    this.blockListeners.add(listener);
    return () => this.blockListeners.delete(listener);
  }

  onPending(listener: PendingListener): () => void {
    this.listen();
    this.pendingListeners.add(listener);
    return () => this.pendingListeners.delete(listener);
  }

  /** The committed transaction, or null when it was not committed in time. */
  async waitFor(hash: Bytes, waitMs: number): Promise<TransactionPlace | null> {
    const find = (): TransactionPlace | null => this.backend.chain()?.store.transaction(hash) ?? null;
    const there = find();
    if (there !== null) return there;
    return new Promise((resolve, reject) => {
      const finish = (place: TransactionPlace | null): void => {
        clearTimeout(timer);
        leave();
        resolve(place);
      };
      const timer = setTimeout(() => finish(null), waitMs);
      // A caller who waits must not keep a node that stops alive.
      timer.unref();
      const leave = this.onBlock(() => {
        try {
          const place = find();
          if (place !== null) finish(place);
        } catch (error) {
          clearTimeout(timer);
          leave();
          reject(error);
        }
      });
    });
  }

  /** Every subscriber to newHeads gets the same: formatted once. */
  header({ store }: ChainAccess, height: bigint): RpcHeader | null {
    if (this.lastHeader?.height === height) return this.lastHeader.header;
    const header = formatHeader(store, height);
    if (header !== null) this.lastHeader = { height, header };
    return header;
  }

  close(): void {
    for (const leave of this.leave) leave();
    this.leave.length = 0;
    this.blockListeners.clear();
    this.pendingListeners.clear();
  }

  private listen(): void {
    if (this.leave.length > 0) return;
    this.leave.push(
      this.backend.onCommitted(() => {
        const chain = this.backend.chain();
        if (chain !== null) for (const listener of this.blockListeners) listener(chain);
      }),
      this.backend.onPending((transaction) => {
        for (const listener of this.pendingListeners) listener(transaction);
      }),
    );
  }
}
