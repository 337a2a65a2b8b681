import { Worker } from 'node:worker_threads';
import type { Bytes } from '#ledger';
import { readRecovered, type Recovered } from './recover-all.js';
import type { RecoveryData, RecoveryOrder, RecoveryReport } from './serve-recovery.js';

/** Ended when they had nothing to do for so long: a node that is up to date pays nothing for them. */
const IDLE_END_MS = 5000;
/** One recovery needs next to no memory. */
const MEMORY = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 8 };
/** Blocks, and transactions beside those of the first, that one thread has been given; who wants more waits, or does it himself. */
const MAX_QUEUED = 16;
const MAX_QUEUED_TRANSACTIONS = 500;

interface Thread {
  worker: Worker;
  /** It has loaded its program. */
  ready: boolean;
  orders: Map<number, (recovered: Recovered | null) => void>;
  /** Transactions of these orders. */
  queued: number;
}

/**
 * Recovers the senders of whole blocks beside the caller's thread: it is most of what executing a block of others' transactions
 * costs. What a thread says is this program's own word, as if it had been computed here.
 */
export class RecoveryThreads {
  private threads: Thread[] = [];
  private ids = 0;
  private idle: NodeJS.Timeout | undefined;
  private closed = false;

  /** @param file a program that calls `serveRecovery` where `isRecoveryThread`: the node's own file. */
  constructor(
    private readonly file: string,
    private readonly most: number,
  ) {}

  /** Null where every thread has enough to do, or is starting still: whoever cannot wait does it himself. */
  recover(raws: readonly Bytes[]): Promise<Recovered | null> | null {
    if (this.closed) return null;
    this.rest();
    const thread = this.leastBusy();
    if (thread === null || thread.orders.size >= MAX_QUEUED || thread.queued > MAX_QUEUED_TRANSACTIONS) return null;
    const ends = new Uint32Array(raws.length);
    let total = 0;
    for (const [i, raw] of raws.entries()) ends[i] = total += raw.length;
    const bytes = new Uint8Array(total);
    for (const [i, raw] of raws.entries()) bytes.set(raw, (ends[i] as number) - raw.length);
    const order: RecoveryOrder = { id: ++this.ids, bytes, ends };
    thread.queued += raws.length;
    const answer = new Promise<Recovered | null>((resolve) => {
      thread.orders.set(order.id, (recovered) => {
        thread.queued -= raws.length;
        resolve(recovered);
      });
    });
    thread.worker.postMessage(order, [bytes.buffer, ends.buffer]);
    return answer;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.idle);
    await this.end();
  }

  private leastBusy(): Thread | null {
    const ready = this.threads.filter((one) => one.ready).sort((a, b) => a.queued - b.queued)[0] ?? null;
    if ((ready === null || ready.orders.size > 0) && this.threads.length < this.most && this.threads.every((one) => one.ready)) this.start();
    return ready;
  }

  private start(): void {
    const data: RecoveryData = { role: 'steleRecovery' };
    const thread: Thread = { worker: new Worker(this.file, { workerData: data, resourceLimits: MEMORY }), ready: false, orders: new Map(), queued: 0 };
    thread.worker.unref();
    thread.worker.on('message', (report: RecoveryReport) => {
      if (report.ready) {
        thread.ready = true;
        return;
      }
      const settle = thread.orders.get(report.id);
      thread.orders.delete(report.id);
      settle?.(readRecovered(report.entries));
    });
    // What it was given is then recovered where it is needed: slower, with the same result.
    thread.worker.on('error', () => this.forget(thread));
    thread.worker.on('exit', () => this.forget(thread));
    this.threads.push(thread);
  }

  private forget(thread: Thread): void {
    this.threads = this.threads.filter((one) => one !== thread);
    for (const settle of thread.orders.values()) settle(null);
    thread.orders.clear();
  }

  private rest(): void {
    clearTimeout(this.idle);
    this.idle = setTimeout(() => {
      if (this.threads.some(({ orders }) => orders.size > 0)) this.rest();
      else void this.end();
    }, IDLE_END_MS);
    this.idle.unref();
  }

  private async end(): Promise<void> {
    const threads = this.threads;
    this.threads = [];
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }
}
