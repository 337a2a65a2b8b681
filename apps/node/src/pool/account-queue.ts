import type { AdmittedTransaction } from '#evm';

/** One transaction that waits. */
export interface PoolEntry {
  transaction: AdmittedTransaction;
  /** Order of arrival in the pool. */
  arrival: number;
  arrivedAtMs: number;
}

/** The waiting transactions of one sender, by nonce. Ready are those that follow the state's nonce without a gap. */
export class AccountQueue {
  private readonly entries = new Map<bigint, PoolEntry>();
  /** How many follow the state's nonce without a gap. */
  readyCount = 0;

  /** @param member whose account it was when the queue began; null for nobody's. */
  constructor(
    private nonce: bigint,
    readonly member: number | null = null,
  ) {}

  /** The nonce of the sender's account: what a block may take next. */
  get stateNonce(): bigint {
    return this.nonce;
  }

  get size(): number {
    return this.entries.size;
  }

  get gappedCount(): number {
    return this.entries.size - this.readyCount;
  }

  /** The nonce that the sender's next transaction should have. */
  get nextNonce(): bigint {
    return this.stateNonce + BigInt(this.readyCount);
  }

  at(nonce: bigint): PoolEntry | undefined {
    return this.entries.get(nonce);
  }

  /** Puts an entry in the place of its nonce; answers the one that stood there. */
  put(entry: PoolEntry): PoolEntry | undefined {
    const old = this.entries.get(entry.transaction.nonce);
    this.entries.set(entry.transaction.nonce, entry);
    this.countReady();
    return old;
  }

  remove(nonce: bigint): PoolEntry | undefined {
    const entry = this.entries.get(nonce);
    if (entry === undefined) return undefined;
    this.entries.delete(nonce);
    if (nonce < this.nextNonce) this.readyCount = Number(nonce - this.stateNonce);
    return entry;
  }

  /** The chain moved on: answers the entries whose nonces are used up. */
  advance(stateNonce: bigint): PoolEntry[] {
    const used: PoolEntry[] = [];
    for (const [nonce, entry] of this.entries) {
      if (nonce >= stateNonce) continue;
      used.push(entry);
      this.entries.delete(nonce);
    }
    this.nonce = stateNonce;
    this.readyCount = 0;
    this.countReady();
    return used;
  }

  /** Ready entries in the order of their nonces. */
  *ready(): Generator<PoolEntry> {
    for (let nonce = this.stateNonce; ; nonce++) {
      const entry = this.entries.get(nonce);
      if (entry === undefined) return;
      yield entry;
    }
  }

  all(): IterableIterator<PoolEntry> {
    return this.entries.values();
  }

  private countReady(): void {
    while (this.entries.has(this.nextNonce)) this.readyCount += 1;
  }
}
