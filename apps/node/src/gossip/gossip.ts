import { keccak256, type AdmittedTransaction, type ChainStore } from '#evm';
import { isWeak, toHex, type Bytes, type FaultModel, type ValidatorSet } from '#ledger';
import type { PeerLink } from '../peer/link.js';
import { decodeHeld, decodeTransactions, heldFrame, TRANSACTIONS_PER_FRAME, transactionsFrame } from '../peer/messages.js';
import type { Admission } from '../pool/admission.js';
import type { Pool } from '../pool/pool.js';
import { PoolError } from '../pool/pool-error.js';
import { Turns } from './turns.js';

const ACKNOWLEDGE_TIMEOUT_MS = 10_000;
const WATCH_INTERVAL_MS = 500;
/** Signature recoveries between two turns of the event loop. */
const ADMIT_SLICE = 16;
const MAX_FRAME_BYTES = 4 * 1024 * 1024;
const MAX_WAITING_FOR_ROOM = 1000;

export class NotAcknowledgedError extends Error {
  readonly code = 'notAcknowledged';
  constructor() {
    super(`too few validators held the transaction within ${ACKNOWLEDGE_TIMEOUT_MS} ms; this node holds it, and it may still be committed`);
  }
}

interface Waiter {
  holders: Set<string>;
  done: { resolve: () => void; reject: (error: Error) => void }[];
  sinceMs: number;
}

export interface GossipParts {
  self: Bytes;
  pool: Pool;
  store: ChainStore;
  admission: Admission;
  validators: () => ValidatorSet;
  peers: () => readonly PeerLink[];
  /** A transaction has entered the pool. */
  entered: (transaction: AdmittedTransaction) => void;
}

/** Spreads transactions to all peers in batches, and knows who holds which of those that were submitted here. */
export class Gossip {
  private outgoing: Bytes[] = [];
  private known: { set: ValidatorSet; powers: ReadonlyMap<string, bigint> } | undefined;
  private flushing = false;
  private readonly waiters = new Map<string, Waiter>();
  /** Submissions that wait for room in the pool, the first comer first. */
  private readonly forRoom: (() => void)[] = [];
  /** Frames of transactions that wait to be admitted. */
  private readonly turns = new Turns();

  private timer: NodeJS.Timeout | undefined;
  private readonly selfKey: string;

  constructor(private readonly parts: GossipParts) {
    this.selfKey = toHex(parts.self);
  }

  /**
   * Admits a transaction before it first awaits (where there is room for it); resolves once enough validators hold it that one of them is honest and up.
   * @throws EvmError, PoolError, NotAcknowledgedError.
   */
  async submit(raw: Bytes): Promise<Bytes> {
    const { store, admission } = this.parts;
    const transaction = admission.admit(raw);
    const { key } = transaction;
    const giveUpAtMs = Date.now() + ACKNOWLEDGE_TIMEOUT_MS;
    let added: 'added' | 'known' | null;
    try {
      added = this.tryAdd(transaction, giveUpAtMs);
    } catch (error) {
      // Sent once more after it was committed: that is no fault of the sender's.
      if (error instanceof PoolError && error.code === 'nonceTooLow' && store.has(transaction.hash)) return transaction.hash;
      throw error;
    }
    while (added === null) {
      await this.room(giveUpAtMs);
      added = this.tryAdd(transaction, giveUpAtMs);
    }
    const news = added === 'added';
    const waiter = this.waiters.get(key) ?? (news ? this.newWaiter(key) : undefined);
    if (waiter === undefined) return transaction.hash;
    const held = new Promise<void>((resolve, reject) => waiter.done.push({ resolve, reject }));
    if (news) {
      this.parts.entered(transaction);
      this.spread(raw);
      this.check(key, waiter);
    }
    await held;
    return transaction.hash;
  }

  /** A peer sent transactions: admits them, and tells it which ones are held here now. */
  receive(link: PeerLink, payload: Uint8Array): void {
    const raw = decodeTransactions(payload);
    link.hold('transactions', payload.length);
    const held: Bytes[] = [];
    let next = 0;
    this.turns.add(link.keyHex, () => {
      for (const end = Math.min(raw.length, next + ADMIT_SLICE); next < end; next++) {
        const hash = this.take(raw[next] as Bytes);
        if (hash !== null) held.push(hash);
      }
      if (next < raw.length) return false;
      if (held.length > 0) link.send(heldFrame(held));
      link.release('transactions', payload.length);
      return true;
    });
  }

  /** A peer holds these. */
  acknowledged(link: PeerLink, payload: Uint8Array): void {
    for (const hash of decodeHeld(payload)) {
      const key = toHex(hash);
      const waiter = this.waiters.get(key);
      if (waiter === undefined) continue;
      waiter.holders.add(link.keyHex);
      this.check(key, waiter);
    }
  }

  /** A committed transaction is held by a quorum; and there is room for others. */
  committed(transactions: readonly AdmittedTransaction[]): void {
    for (const enter of this.forRoom.splice(0)) enter();
    if (this.waiters.size === 0) return;
    for (const { key } of transactions) this.settle(key, null);
  }

  /** A peer that has just connected may lack what we hold. */
  greet(link: PeerLink): void {
    let batch: Bytes[] = [];
    let bytes = 0;
    for (const { raw } of this.parts.pool.all()) {
      batch.push(raw);
      bytes += raw.length;
      if (batch.length < TRANSACTIONS_PER_FRAME && bytes < MAX_FRAME_BYTES) continue;
      link.send(transactionsFrame(batch));
      batch = [];
      bytes = 0;
    }
    if (batch.length > 0) link.send(transactionsFrame(batch));
  }

  stop(): void {
    this.unwatch();
    for (const enter of this.forRoom.splice(0)) enter();
    for (const key of [...this.waiters.keys()]) this.settle(key, new NotAcknowledgedError());
  }

  /**
   * Null where the pool is full for now: who sends one after another, each when the last was acknowledged, is faster than
   * blocks are, and rather waits than hears of it.
   */
  private tryAdd(transaction: AdmittedTransaction, giveUpAtMs: number): 'added' | 'known' | null {
    const { pool, store } = this.parts;
    try {
      store.checkAccess(transaction);
      return pool.add(transaction, store.state(), Date.now());
    } catch (error) {
      const full = error instanceof PoolError && (error.code === 'accountQueueFull' || error.code === 'poolFull');
      if (!full || Date.now() >= giveUpAtMs || this.forRoom.length >= MAX_WAITING_FOR_ROOM) throw error;
      return null;
    }
  }

  /** Resolves after the next block, in the order of coming, or when it is time to give up. */
  private room(giveUpAtMs: number): Promise<void> {
    return new Promise((resolve) => {
      const enter = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.forRoom.splice(this.forRoom.indexOf(enter), 1);
        resolve();
      }, giveUpAtMs - Date.now());
      this.forRoom.push(enter);
    });
  }

  /** The hash where we hold the transaction, or have committed it; null where we refuse it. */
  private take(raw: Bytes): Bytes | null {
    const { pool, store, admission } = this.parts;
    const hash = keccak256(raw);
    try {
      if (pool.get(hash) !== undefined) return hash;
      const transaction = admission.admit(raw, hash);
      store.checkAccess(transaction);
      if (pool.add(transaction, store.state(), Date.now(), 'peer') === 'added') this.parts.entered(transaction);
      return hash;
    } catch (error) {
      if (error instanceof PoolError && error.code === 'nonceTooLow' && store.has(hash)) return hash;
      // Malformed, or against this pool's bounds: then this node does not hold it, and does not say so.
      return null;
    }
  }

  private spread(raw: Bytes): void {
    this.outgoing.push(raw);
    if (this.flushing) return;
    this.flushing = true;
    setImmediate(() => this.flush());
  }

  private flush(): void {
    this.flushing = false;
    const all = this.outgoing;
    this.outgoing = [];
    let start = 0;
    let bytes = 0;
    for (let i = 0; i < all.length; i++) {
      bytes += (all[i] as Bytes).length;
      const last = i === all.length - 1;
      if (!last && i - start + 1 < TRANSACTIONS_PER_FRAME && bytes < MAX_FRAME_BYTES) continue;
      const frame = transactionsFrame(all.slice(start, i + 1));
      for (const link of this.parts.peers()) link.send(frame);
      start = i + 1;
      bytes = 0;
    }
  }

  private newWaiter(key: string): Waiter {
    const waiter: Waiter = { holders: new Set([this.selfKey]), done: [], sinceMs: Date.now() };
    this.watch();
    this.waiters.set(key, waiter);
    return waiter;
  }

  /** One timer for all that wait, the longest waiting first in the map. */
  private watch(): void {
    this.timer ??= setInterval(() => {
      const before = Date.now() - ACKNOWLEDGE_TIMEOUT_MS;
      for (const [key, { sinceMs }] of this.waiters) {
        if (sinceMs > before) break;
        this.settle(key, new NotAcknowledgedError());
      }
      if (this.waiters.size === 0) this.unwatch();
    }, WATCH_INTERVAL_MS);
  }

  private unwatch(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private check(key: string, waiter: Waiter): void {
    const { set, powers } = this.powers();
    let power = 0n;
    for (const holder of waiter.holders) power += powers.get(holder) ?? 0n;
    if (survives(this.parts.store.genesis.faultModel, power, set.total)) this.settle(key, null);
  }

  /** Each validator's power by its key in hex: made once for each set. */
  private powers(): { set: ValidatorSet; powers: ReadonlyMap<string, bigint> } {
    const set = this.parts.validators();
    if (this.known?.set !== set) this.known = { set, powers: new Map(set.validators.map(({ publicKey, power }) => [toHex(publicKey), power])) };
    return this.known;
  }

  private settle(key: string, error: Error | null): void {
    const waiter = this.waiters.get(key);
    if (waiter === undefined) return;
    this.waiters.delete(key);
    for (const { resolve, reject } of waiter.done) if (error === null) resolve();
    else reject(error);
  }
}

/** f + 1 by power: more than may fail while the chain goes on. BFT 3·p > V; CFT, where 2·q > V decides, 2·p ≥ V. */
function survives(model: FaultModel, power: bigint, total: bigint): boolean {
  return model === 'BFT' ? isWeak(model, power, total) : 2n * power >= total;
}
