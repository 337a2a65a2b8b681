import type { AdmittedTransaction } from '../transaction/admitted.js';
import type { BlockHashAt } from './lane.js';
import type { CancelSignal } from './breath.js';
import { CallRun, callResultOf } from './call.js';
import { loadCurves } from './curves.js';
import { estimateGas } from './estimate.js';
import type { CallRequest, CallResult } from './executor.js';
import { createLane, LanePool, type Lane } from './lane.js';
import { runBlock, type BlockEffects, type Executable, type RunRequest } from './run-block.js';
import { runBuild, type BuildEffects, type BuildLimits } from './run-build.js';
import type { CallFrame } from './call-frame.js';
import { traceBlock, type TraceRequest } from './trace.js';
import type { ChainView } from './view.js';

/** A call with its bounds: gas as the executor caps it, wall-clock time with all its runs. */
export interface BoundedCall {
  request: CallRequest;
  height: bigint;
  /** Of a call; the most that an estimate may answer. */
  gasLimit: bigint;
  timeoutMs: number;
}

/** Where EVM code runs: on this thread, or on one of its own. Nothing that it does changes the chain. */
export interface Engine<T extends Executable = AdmittedTransaction> {
  /** @throws EvmError `invalidBlock`, `cancelled`, `executorFailed`. */
  execute(request: RunRequest, transactions: readonly T[]): Promise<BlockEffects>;
  /** @throws EvmError `cancelled`, `executorFailed`. */
  build(request: RunRequest, candidates: Iterable<T>, limits: BuildLimits): Promise<BuildEffects>;
  /** @throws EvmError `insufficientFunds`, `unknownHeight`, `callTimeout`, `executorFailed`. */
  call(call: BoundedCall): Promise<CallResult>;
  /** @throws as `call`, and what makes the transaction fail. */
  estimate(call: BoundedCall): Promise<bigint>;
  /** @throws EvmError `callTimeout`, `unknownHeight`, `executorFailed`. */
  trace(request: TraceRequest): Promise<CallFrame[]>;
  /** Work will come soon: whatever takes long to start may start. */
  prepare(): void;
  readonly isPrepared: boolean;
  close(): Promise<void>;
}

export const CALL_LANES = 4;
/** A proposal of another round may execute while one is built. */
export const BLOCK_LANES = 2;

/** Runs on this thread, which gets a turn every few milliseconds, but for precompiles: those run to their end. */
export class LocalEngine implements Engine<Executable> {
  readonly isPrepared = true;
  /** Apart, so that blocks never wait for calls. */
  private readonly blockLanes: LanePool;
  private readonly callLanes: LanePool;

  /** @param runsCode whether anything that touches code will come; if not, what only code needs is not loaded. */
  constructor(
    private readonly view: ChainView,
    runsCode = true,
  ) {
    const blockHashAt: BlockHashAt = (height) => view.blockHashAt(height);
    const create = async (): Promise<Lane> => createLane(view.genesis.evmChainId, blockHashAt, runsCode ? await loadCurves() : null);
    this.blockLanes = new LanePool(create, BLOCK_LANES);
    this.callLanes = new LanePool(create, CALL_LANES);
  }

  execute(request: RunRequest<CancelSignal>, transactions: readonly Executable[]): Promise<BlockEffects> {
    return this.blockLanes.run((lane) => runBlock(this.view, lane, request, transactions));
  }

  /** @param began as `runBuild` has it. */
  build(request: RunRequest<CancelSignal>, candidates: Iterable<Executable>, limits: BuildLimits, began?: (index: number, isFirst: boolean) => void): Promise<BuildEffects> {
    return this.blockLanes.run((lane) => runBuild(this.view, lane, request, candidates, limits, began));
  }

  call({ request, height, gasLimit, timeoutMs }: BoundedCall): Promise<CallResult> {
    return this.callLanes.run(async (lane) => {
      lane.breath.begin({ timeoutMs });
      return callResultOf(await new CallRun(this.view, lane, request, height).run(gasLimit));
    });
  }

  estimate({ request, height, gasLimit, timeoutMs }: BoundedCall): Promise<bigint> {
    return this.callLanes.run(async (lane) => {
      lane.breath.begin({ timeoutMs });
      const call = new CallRun(this.view, lane, request, height);
      return estimateGas((limit) => call.run(limit), gasLimit);
    });
  }

  trace(request: TraceRequest): Promise<CallFrame[]> {
    return this.callLanes.run((lane) => traceBlock(this.view, lane, request));
  }

  prepare(): void {
    // A lane is made in some milliseconds.
  }

  async close(): Promise<void> {
    // Nothing of this runs longer than its caller waits.
  }
}
