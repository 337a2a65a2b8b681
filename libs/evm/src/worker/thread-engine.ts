import { encodeGenesis } from '#ledger';
import { EvmError } from '../errors.js';
import { BLOCK_LANES, CALL_LANES, type BoundedCall, type Engine } from '../execute/engine.js';
import type { CallResult } from '../execute/executor.js';
import type { BlockEffects, RunRequest } from '../execute/run-block.js';
import type { BuildEffects, BuildLimits } from '../execute/run-build.js';
import type { CallFrame } from '../execute/call-frame.js';
import type { TraceRequest } from '../execute/trace.js';
import type { ChainStore } from '../store/chain-store.js';
import type { AdmittedTransaction } from '../transaction/admitted.js';
import { ExecutionThread, JobOverran, type RunOptions } from './execution-thread.js';
import { packTransactions, unpackEffects } from './packing.js';
import type { Answers, Job } from './protocol.js';

export interface ThreadOptions {
  /** The store's folder. */
  folder: string;
  /** A program that calls `serveExecution` where it is not on its main thread: the node's own file, as a rule. */
  file: string;
  /** How long a call waits for its turn; default 5 seconds. */
  callWaitMs?: number;
}

/** What the thread itself needs to notice that its time is over, before it is ended. */
const GRACE_MS = 250;

/** With the longest trace, less than the gateway waits for an answer: it would ask the next node for the same. */
const CALL_WAIT_MS = 5_000;

/** Runs blocks on one thread and calls on another, so that neither the caller's thread nor a block waits for a call. */
export class ThreadEngine implements Engine {
  private readonly blocks: ExecutionThread;
  private readonly calls: ExecutionThread;
  private readonly callWaitMs: number;

  constructor(store: ChainStore, { folder, file, callWaitMs = CALL_WAIT_MS }: ThreadOptions) {
    this.callWaitMs = callWaitMs;
    const data = { role: 'steleExecution' as const, folder, genesis: encodeGenesis(store.genesis) };
    this.blocks = new ExecutionThread(file, data, BLOCK_LANES);
    this.calls = new ExecutionThread(file, data, CALL_LANES);
  }

  /** Without a limit: what other validators decide has to be executed, however long it takes. */
  async execute({ parent, timeMs, signal }: RunRequest, transactions: readonly AdmittedTransaction[]): Promise<BlockEffects> {
    const job = { kind: 'execute' as const, parent, timeMs, transactions: packTransactions(transactions) };
    return unpackEffects(await run(this.blocks, job, { signal, limitMs: Infinity }));
  }

  async build(request: RunRequest, candidates: Iterable<AdmittedTransaction>, limits: BuildLimits): Promise<BuildEffects> {
    const offered = [...candidates];
    try {
      return await this.buildOf(request, offered, offered.map((_, index) => index), limits);
    } catch (error) {
      if (!(error instanceof JobOverran)) throw error;
      // Within a precompile, or it would have ended itself. The block is built once more without the transaction.
      const kept = offered.map((_, index) => index).filter((index) => index !== error.trying);
      const built = await this.buildOf(request, kept.map((index) => offered[index] as AdmittedTransaction), kept, { ...limits, firstMs: limits.budgetMs });
      return { ...built, skipped: [...built.skipped, { index: error.trying, code: error.isFirst ? 'tooSlow' : 'outOfTime' }] };
    }
  }

  async call(call: BoundedCall): Promise<CallResult> {
    return this.ended(call, run(this.calls, { kind: 'call', call }, { limitMs: call.timeoutMs + GRACE_MS, waitMs: this.callWaitMs }));
  }

  async estimate(call: BoundedCall): Promise<bigint> {
    return this.ended(call, run(this.calls, { kind: 'estimate', call }, { limitMs: call.timeoutMs + GRACE_MS, waitMs: this.callWaitMs }));
  }

  async trace({ transactions, ...request }: TraceRequest): Promise<CallFrame[]> {
    const job = { kind: 'trace' as const, request, transactions: packTransactions(transactions) };
    return this.ended(request, run(this.calls, job, { limitMs: request.timeoutMs + GRACE_MS, waitMs: this.callWaitMs }));
  }

  get isPrepared(): boolean {
    return this.blocks.isUp;
  }

  prepare(): void {
    this.blocks.prepare();
  }

  async close(): Promise<void> {
    await Promise.all([this.blocks.close(), this.calls.close()]);
  }

  /** @param places of these candidates among all that were offered. */
  private async buildOf({ parent, timeMs, signal }: RunRequest, candidates: readonly AdmittedTransaction[], places: readonly number[], limits: BuildLimits): Promise<BuildEffects> {
    const job = { kind: 'build' as const, parent, timeMs, transactions: packTransactions(candidates), limits };
    const { taken, skipped, ...packed } = await run(this.blocks, job, { signal, limitMs: limits.firstMs + GRACE_MS });
    const place = (index: number): number => places[index] as number;
    return { ...unpackEffects(packed), taken: taken.map(place), skipped: skipped.map(({ index, code }) => ({ index: place(index), code })) };
  }

  private async ended<T>({ timeoutMs }: { timeoutMs: number }, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw error instanceof JobOverran ? new EvmError('callTimeout', `the call took more than ${timeoutMs} ms`) : error;
    }
  }
}

/** The answer to a job is of the job's kind. */
async function run<K extends Job['kind']>(thread: ExecutionThread, job: Extract<Job, { kind: K }>, options: RunOptions): Promise<Answers[K]> {
  return (await thread.run(job, options)) as Answers[K];
}
