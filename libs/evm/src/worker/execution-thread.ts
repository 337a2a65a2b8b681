import { Worker } from 'node:worker_threads';
import { EvmError } from '../errors.js';
import { CANCELLED, IS_FIRST, SLOT_FLAGS, TRYING, type Answer, type Failure, type Job, type Order, type Report, type ThreadData } from './protocol.js';

/** A thread that was told to stop and does not answer is ended: it is inside of a precompile, which nothing interrupts. */
const CANCEL_GRACE_MS = 100;
const IDLE_END_MS = 60_000;
const MAX_ATTEMPTS = 2;
/** Threads that are still ending: a new one waits when they are so many, as each holds its memory to the last. */
const MAX_ENDING = 2;
/** A block's state, code caches and one EVM; gas bounds what a contract can have alive (docs/spec/state.md). */
const MEMORY = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 32 };

export interface RunOptions {
  signal?: AbortSignal | undefined;
  /** Wall-clock time after which the thread is ended, beside what the job itself observes. */
  limitMs: number;
  /** How long it may wait for its turn; for ever without this. */
  waitMs?: number;
}

/** The thread was ended because a job took too long. `trying` and `isFirst` are what a building job had told. */
export class JobOverran extends Error {
  constructor(
    readonly trying: number,
    readonly isFirst: boolean,
  ) {
    super('the job took too long');
  }
}

interface Waiting {
  id: number;
  job: Job;
  options: RunOptions;
  attempts: number;
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
  /** While it runs. */
  slot: number;
  timers: NodeJS.Timeout[];
  stopListening: () => void;
}

/**
 * One execution thread and the jobs for it: started with the first job, ended when it has had nothing to do for a minute. Up to
 * `slots` jobs run side by side. Who does not stop when told is ended with the thread; what ran beside it starts again on a new one.
 */
export class ExecutionThread {
  private worker: Worker | null = null;
  private isReady = false;
  private isClosed = false;
  private ids = 0;
  private ending = 0;
  private readonly waiting: Waiting[] = [];
  private readonly running = new Map<number, Waiting>();
  private flags = new Int32Array(new SharedArrayBuffer(0));
  private idle: NodeJS.Timeout | undefined;

  constructor(
    private readonly file: string,
    private readonly data: Omit<ThreadData, 'flags'>,
    private readonly slots: number,
  ) {}

  /** Starts the thread, where there is none. */
  prepare(): void {
    if (!this.isClosed) this.start();
    this.rest();
  }

  /** @throws EvmError `cancelled`, `executorFailed`, `executorBusy`, and what the job throws; JobOverran. */
  run(job: Job, options: RunOptions): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      if (this.isClosed || options.signal?.aborted === true) return reject(cancelled());
      const entry: Waiting = { id: ++this.ids, job, options, attempts: 0, resolve, reject, slot: -1, timers: [], stopListening: () => undefined };
      const onAbort = (): void => this.abort(entry);
      options.signal?.addEventListener('abort', onAbort, { once: true });
      const wait = options.waitMs === undefined ? undefined : setTimeout(() => this.giveUp(entry), options.waitMs);
      entry.stopListening = () => {
        clearTimeout(wait);
        options.signal?.removeEventListener('abort', onAbort);
      };
      this.waiting.push(entry);
      this.start();
      this.dispatch();
    });
  }

  /** Ends the thread and whatever runs on it. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const entry of [...this.waiting.splice(0), ...this.running.values()]) this.settle(entry, () => entry.reject(cancelled()));
    clearTimeout(this.idle);
    await this.end();
  }

  /** Whether a thread is there, or starting. */
  get isUp(): boolean {
    return this.worker !== null;
  }

  private start(): void {
    clearTimeout(this.idle);
    if (this.worker !== null || this.ending >= MAX_ENDING) return;
    this.flags = new Int32Array(new SharedArrayBuffer(4 * SLOT_FLAGS * this.slots));
    const workerData: ThreadData = { ...this.data, flags: this.flags.buffer };
    const worker = new Worker(this.file, { workerData, resourceLimits: MEMORY, name: 'execution' });
    this.worker = worker;
    this.isReady = false;
    worker.on('message', (report: Report) => worker === this.worker && this.hear(report));
    // Out of memory, or a fault of the program: the jobs are tried once more on a new thread.
    worker.on('error', (error: Error) => worker === this.worker && this.crashed(error.message));
    worker.on('exit', (code) => worker === this.worker && this.crashed(`it exited with ${code}`));
  }

  private hear(report: Report): void {
    if (report.ready) {
      this.isReady = true;
      return this.dispatch();
    }
    const entry = this.running.get(report.id);
    if (entry === undefined) return;
    this.settle(entry, () => ('answer' in report ? entry.resolve(report.answer) : entry.reject(errorOf(report.failure))));
    this.dispatch();
  }

  private dispatch(): void {
    const { worker } = this;
    while (worker !== null && this.isReady && this.waiting.length > 0 && this.running.size < this.slots) {
      const entry = this.waiting.shift() as Waiting;
      entry.slot = this.freeSlot();
      this.flags.fill(0, entry.slot * SLOT_FLAGS, (entry.slot + 1) * SLOT_FLAGS);
      this.running.set(entry.id, entry);
      if (entry.options.limitMs < Infinity) entry.timers.push(setTimeout(() => this.overran(entry), entry.options.limitMs));
      worker.ref();
      worker.postMessage({ id: entry.id, slot: entry.slot, job: entry.job } satisfies Order);
    }
    this.rest();
  }

  /** With nothing to do the thread holds no process up, and ends after a while. */
  private rest(): void {
    clearTimeout(this.idle);
    if (this.worker === null || this.running.size > 0 || this.waiting.length > 0) return;
    if (this.isReady) this.worker.unref();
    this.idle = setTimeout(() => void this.end(), IDLE_END_MS);
    this.idle.unref();
  }

  private abort(entry: Waiting): void {
    const place = this.waiting.indexOf(entry);
    if (place >= 0) {
      this.waiting.splice(place, 1);
      this.settle(entry, () => entry.reject(cancelled()));
      return this.rest();
    }
    Atomics.store(this.flags, entry.slot * SLOT_FLAGS + CANCELLED, 1);
    entry.timers.push(setTimeout(() => this.endFor(entry, cancelled()), CANCEL_GRACE_MS));
  }

  /** Its turn has not come: whoever asked has an answer while it still listens, and this thread does nothing for those who are gone. */
  private giveUp(entry: Waiting): void {
    const place = this.waiting.indexOf(entry);
    if (place < 0) return;
    this.waiting.splice(place, 1);
    this.settle(entry, () => entry.reject(new EvmError('executorBusy', `too many calls wait for this node: this one’s turn did not come within ${entry.options.waitMs} ms; try again`)));
  }

  private overran(entry: Waiting): void {
    const at = entry.slot * SLOT_FLAGS;
    this.endFor(entry, new JobOverran(Atomics.load(this.flags, at + TRYING), Atomics.load(this.flags, at + IS_FIRST) === 1));
  }

  /** Ends the thread because of one job; the others are not to blame. */
  private endFor(entry: Waiting, error: Error): void {
    this.settle(entry, () => entry.reject(error));
    void this.end();
    this.again();
  }

  private crashed(reason: string): void {
    this.worker = null;
    for (const entry of this.running.values()) entry.attempts += 1;
    // A thread that never came up fails whoever waited for it.
    if (!this.isReady) for (const entry of this.waiting) entry.attempts += 1;
    for (const entry of [...this.running.values(), ...this.waiting]) {
      if (entry.attempts < MAX_ATTEMPTS) continue;
      const place = this.waiting.indexOf(entry);
      if (place >= 0) this.waiting.splice(place, 1);
      this.settle(entry, () => entry.reject(new EvmError('executorFailed', `the execution thread has ended ${MAX_ATTEMPTS} times: ${reason}`)));
    }
    this.again();
  }

  /** What ran on a thread that has gone begins anew, before what waits. */
  private again(): void {
    const left = [...this.running.values()];
    this.running.clear();
    for (const entry of left) this.calm(entry);
    this.waiting.unshift(...left);
    if (this.waiting.length > 0) this.start();
    this.dispatch();
  }

  private async end(): Promise<void> {
    const { worker, isReady } = this;
    if (worker === null) return;
    this.worker = null;
    this.isReady = false;
    this.ending += 1;
    // Ended while it loads its modules, a thread can take the whole process along (Node 20).
    if (!isReady) await new Promise<void>((resolve) => worker.once('message', () => resolve()).once('exit', () => resolve()));
    await worker.terminate();
    this.ending -= 1;
    if (this.waiting.length > 0) this.start();
  }

  private settle(entry: Waiting, answer: () => void): void {
    this.running.delete(entry.id);
    this.calm(entry);
    entry.stopListening();
    answer();
  }

  private calm(entry: Waiting): void {
    for (const timer of entry.timers.splice(0)) clearTimeout(timer);
  }

  private freeSlot(): number {
    const taken = new Set([...this.running.values()].map(({ slot }) => slot));
    let slot = 0;
    while (taken.has(slot)) slot += 1;
    return slot;
  }
}

function cancelled(): EvmError {
  return new EvmError('cancelled', 'the execution was cancelled');
}

function errorOf(failure: Failure): Error {
  return failure.code === null ? new Error(`the execution thread failed: ${failure.other}`) : new EvmError(failure.code, failure.message, failure.details);
}
