import type { AdmittedTransaction, StateReader } from '#evm';
import { toHex } from '#ledger';
import { AccountQueue, type PoolEntry } from './account-queue.js';
import { inFairOrder } from './fair-order.js';
import { PoolError } from './pool-error.js';
import { mayGrow, type Growth, type Share } from './share.js';

export interface PoolLimits {
  /** Per sender, without a gap. */
  readyPerAccount: number;
  /** Per sender, behind a gap. */
  gappedPerAccount: number;
  transactions: number;
  bytes: number;
  readyTtlMs: number;
  gappedTtlMs: number;
  /** Least time between two replacements of one nonce. */
  replaceIntervalMs: number;
}

export const DEFAULT_POOL_LIMITS: PoolLimits = {
  readyPerAccount: 64,
  gappedPerAccount: 64,
  transactions: 20_000,
  bytes: 64 * 1024 * 1024,
  readyTtlMs: 3_600_000,
  gappedTtlMs: 600_000,
  replaceIntervalMs: 1000,
};

/** So many first bytes of its hash name a transaction in a proposal. */
export const ID_BYTES = 8;

export function idOf(hash: Uint8Array): string {
  return toHex(hash.subarray(0, ID_BYTES));
}

/** How many times the room of a client a peer's transactions get. */
const PEER_ROOM = 4;

/** A new fee must be so many per cent above the old one; the fee itself is never charged. */
const REPLACE_PERCENT = 10n;

/**
 * Transactions that wait for a block: first in, first out for each sender; members share a block's gas evenly, and the pool itself, and
 * their senders take turns, so that none crowds out the others. Time and state are given by the caller.
 */
export class Pool {
  private readonly accounts = new Map<string, AccountQueue>();
  /** By id: no two transactions whose hashes begin alike wait here at once. */
  private readonly byIds = new Map<string, PoolEntry>();
  /** By member; null stands for nobody's. */
  private readonly shares = new Map<number | null, Share>();
  private bytes = 0;
  private arrivals = 0;
  private readyTotal = 0;

  /** @param memberOf whose account the sender's is; null for nobody's: these together are treated like one member. */
  constructor(
    private readonly limits: PoolLimits = DEFAULT_POOL_LIMITS,
    private readonly memberOf: (transaction: AdmittedTransaction) => number | null = () => null,
  ) {}

  get size(): number {
    return this.byIds.size;
  }

  get sizeBytes(): number {
    return this.bytes;
  }

  /** Whether a block could take anything now. */
  get hasReady(): boolean {
    return this.readyTotal > 0;
  }

  get(hash: Uint8Array): AdmittedTransaction | undefined {
    return this.byKey(toHex(hash));
  }

  /** By the hash in hex. */
  byKey(key: string): AdmittedTransaction | undefined {
    return this.entryOf(key)?.transaction;
  }

  /** By what proposals name it by (`idOf`). */
  byId(id: string): AdmittedTransaction | undefined {
    return this.byIds.get(id)?.transaction;
  }

  /** The nonce for the sender's next transaction, with those that wait counted in. */
  pendingNonce(address: Uint8Array, state: StateReader): bigint {
    const nonce = state.account(address)?.nonce ?? 0n;
    const queue = this.accounts.get(toHex(address));
    return queue === undefined || queue.nextNonce < nonce ? nonce : queue.nextNonce;
  }

  /**
   * Takes a transaction in, or knows it already. What a peer has taken in is given more room: each node counts its own
   * clients' transactions, and a node that is a block behind the peer would otherwise drop what is next, and have nothing to
   * propose when its turn comes.
   * @throws PoolError
   */
  add(transaction: AdmittedTransaction, state: StateReader, nowMs: number, from: 'client' | 'peer' = 'client'): 'added' | 'known' {
    const { key, senderKey } = transaction;
    const id = key.slice(0, 2 * ID_BYTES);
    const alike = this.byIds.get(id)?.transaction;
    if (alike !== undefined) {
      if (alike.key === key) return 'known';
      throw new PoolError('poolFull', 'another transaction whose hash begins alike waits: try again when it is committed');
    }
    let queue = this.accounts.get(senderKey);
    // A queue knows its sender's nonce: each block advances it. Only the first of a sender, and who sends value, costs a read.
    const account = queue === undefined || transaction.value > 0n ? state.account(transaction.sender) : null;
    queue ??= new AccountQueue(account?.nonce ?? 0n, this.memberOf(transaction));
    if (transaction.nonce < queue.stateNonce) throw new PoolError('nonceTooLow', `nonce too low: the account's next nonce is ${queue.stateNonce}, the transaction has ${transaction.nonce}`);
    if (transaction.value > 0n && transaction.value > (account?.balance ?? 0n)) throw new PoolError('insufficientFunds', `insufficient funds: the account holds ${account?.balance ?? 0n} wei and sends ${transaction.value}`);
    const rival = queue.at(transaction.nonce);
    if (rival === undefined) this.checkRoom(queue, transaction, from);
    else this.checkReplacement(queue, rival, transaction, nowMs, from);
    const entry: PoolEntry = { transaction, arrival: rival?.arrival ?? this.arrivals++, arrivedAtMs: nowMs };
    this.change(queue, () => queue.put(entry));
    if (queue.size === 1) this.accounts.set(senderKey, queue);
    if (rival !== undefined) this.forget(rival, queue);
    this.byIds.set(id, entry);
    this.grow(queue, transaction.raw.length);
    return 'added';
  }

  /** Ready transactions in the order in which a block takes them. Lazy. */
  candidates(): Generator<AdmittedTransaction> {
    return inFairOrder([...this.accounts.values()].filter((queue) => queue.readyCount > 0));
  }

  /** Everything that waits, ready or not: for peers that have just connected. */
  *all(): Generator<AdmittedTransaction> {
    for (const entry of this.byIds.values()) yield entry.transaction;
  }

  /** A block was committed: what its senders' nonces have used up goes. Answers how many went. */
  advance(transactions: Iterable<AdmittedTransaction>): number {
    // Each sender's last transaction of the block says what its nonce is now.
    const last = new Map<string, AdmittedTransaction>();
    for (const transaction of transactions) last.set(transaction.senderKey, transaction);
    let gone = 0;
    for (const [key, { nonce }] of last) {
      const queue = this.accounts.get(key);
      if (queue === undefined) continue;
      const used = this.change(queue, () => queue.advance(nonce + 1n));
      for (const entry of used) this.forget(entry, queue);
      gone += used.length;
      if (queue.size === 0) this.accounts.delete(key);
    }
    return gone;
  }

  /** Drops a transaction that can never execute where it stands; what follows it in its sender's queue now waits behind a gap. */
  drop(hash: Uint8Array): void {
    const entry = this.entryOf(toHex(hash));
    if (entry !== undefined) this.take(entry);
  }

  /** Drops what has waited too long. Answers how many went. */
  expire(nowMs: number): number {
    const old: PoolEntry[] = [];
    for (const queue of this.accounts.values()) {
      const nextNonce = queue.nextNonce;
      for (const entry of queue.all()) {
        const ttlMs = entry.transaction.nonce < nextNonce ? this.limits.readyTtlMs : this.limits.gappedTtlMs;
        if (nowMs - entry.arrivedAtMs > ttlMs) old.push(entry);
      }
    }
    for (const entry of old) this.take(entry);
    return old.length;
  }

  private checkRoom(queue: AccountQueue, transaction: AdmittedTransaction, from: 'client' | 'peer'): void {
    const factor = from === 'peer' ? PEER_ROOM : 1;
    const readyPerAccount = this.limits.readyPerAccount * factor;
    const gappedPerAccount = this.limits.gappedPerAccount * factor;
    const ahead = transaction.nonce - queue.nextNonce;
    if (ahead >= BigInt(readyPerAccount + gappedPerAccount)) throw new PoolError('nonceTooHigh', `nonce ${transaction.nonce} is ${ahead} above the account's next nonce ${queue.nextNonce}`);
    const full = ahead === 0n ? queue.readyCount >= readyPerAccount : queue.gappedCount >= gappedPerAccount;
    if (full) throw new PoolError('accountQueueFull', `the account has ${queue.size} transactions waiting: send more when some are committed`);
    this.checkShare(queue, { transactions: 1, bytes: transaction.raw.length, isGapped: ahead !== 0n }, from);
  }

  private checkShare(queue: AccountQueue, by: Growth, from: 'client' | 'peer'): void {
    const free = { transactions: this.limits.transactions - this.size, bytes: this.limits.bytes - this.bytes };
    if (mayGrow(this.shareOf(queue), free, by, from)) return;
    if (free.transactions < by.transactions || free.bytes < by.bytes) throw new PoolError('poolFull', 'the node holds as many waiting transactions as it may: try again soon');
    const whose = queue.member === null ? 'accounts that are no member’s' : 'accounts of one member';
    throw new PoolError('poolFull', `${whose} have as many transactions waiting${by.isGapped ? ' behind gaps in their nonces' : ''} as leaves room for others: try again soon`);
  }

  private checkReplacement(queue: AccountQueue, old: PoolEntry, transaction: AdmittedTransaction, nowMs: number, from: 'client' | 'peer'): void {
    const enough = (offered: bigint, before: bigint): boolean => offered > before && offered * 100n >= before * (100n + REPLACE_PERCENT);
    if (!enough(transaction.maxFeePerGas, old.transaction.maxFeePerGas) || !enough(transaction.maxPriorityFeePerGas, old.transaction.maxPriorityFeePerGas)) {
      throw new PoolError('replacementUnderpriced', `replacement transaction underpriced: another with nonce ${transaction.nonce} waits, and both offered fees must be ${REPLACE_PERCENT} % above its (they are never charged)`);
    }
    if (nowMs - old.arrivedAtMs < this.limits.replaceIntervalMs) throw new PoolError('replacementTooSoon', `nonce ${transaction.nonce} may be replaced once in ${this.limits.replaceIntervalMs} ms`);
    const bytes = transaction.raw.length - old.transaction.raw.length;
    if (bytes > 0) this.checkShare(queue, { transactions: 0, bytes, isGapped: false }, from);
  }

  private entryOf(key: string): PoolEntry | undefined {
    const found = this.byIds.get(key.slice(0, 2 * ID_BYTES));
    return found?.transaction.key === key ? found : undefined;
  }

  private take(entry: PoolEntry): void {
    const sender = entry.transaction.senderKey;
    const queue = this.accounts.get(sender);
    if (queue === undefined) return;
    this.change(queue, () => queue.remove(entry.transaction.nonce));
    this.forget(entry, queue);
    if (queue.size === 0) this.accounts.delete(sender);
  }

  /** Every change of a queue, so that the counts follow. */
  private change<T>(queue: AccountQueue, act: () => T): T {
    const { readyCount, size, gappedCount } = queue;
    const result = act();
    const share = this.shareOf(queue);
    this.readyTotal += queue.readyCount - readyCount;
    share.transactions += queue.size - size;
    share.gapped += queue.gappedCount - gappedCount;
    return result;
  }

  private grow(queue: AccountQueue, bytes: number): void {
    this.bytes += bytes;
    this.shareOf(queue).bytes += bytes;
  }

  private shareOf({ member }: AccountQueue): Share {
    let share = this.shares.get(member);
    if (share === undefined) this.shares.set(member, (share = { transactions: 0, gapped: 0, bytes: 0 }));
    return share;
  }

  private forget(entry: PoolEntry, queue: AccountQueue): void {
    if (this.byIds.delete(entry.transaction.key.slice(0, 2 * ID_BYTES))) this.grow(queue, -entry.transaction.raw.length);
  }
}
