import { setImmediate as nextTurn } from 'node:timers/promises';
import { EvmError } from '../errors.js';

/** The event loop gets a turn after so long: votes and timers must not wait for a block, nor for one long transaction. */
const SLICE_MS = 8;
/** The clock is read once for so many jumps: some microseconds of execution. */
const JUMPS_PER_LOOK = 256;

/** An AbortSignal, or what stands for one on another thread. */
export interface CancelSignal {
  readonly aborted: boolean;
}

export interface Limits {
  /** Aborting ends the run with `cancelled`. */
  signal?: CancelSignal | undefined;
  /** Wall-clock limit; the run ends with `callTimeout`. Never for blocks: every node must reach the same result. */
  timeoutMs?: number;
}

/**
 * Lets others run while the EVM executes. The library's promises are all settled at once, so without this a transaction would
 * keep the event loop for as long as its gas lasts. Every loop passes a JUMPDEST, which does nothing else: there it breathes.
 */
export class Breath {
  private limits: Limits = {};
  private deadlineMs = Infinity;
  private turnBeganMs = 0;
  private jumps = 0;

  begin(limits: Limits): void {
    this.limits = limits;
    this.turnBeganMs = performance.now();
    this.deadlineMs = limits.timeoutMs === undefined ? Infinity : this.turnBeganMs + limits.timeoutMs;
  }

  /** Moves the end of the run to another moment of `performance.now()`; Infinity for none. */
  endAt(deadlineMs: number): void {
    this.deadlineMs = deadlineMs;
  }

  /** At a JUMPDEST. */
  atJump(): Promise<void> | undefined {
    this.jumps = (this.jumps + 1) % JUMPS_PER_LOOK;
    return this.jumps === 0 ? this.look() : undefined;
  }

  /** Between two transactions, and now and then within one. */
  look(): Promise<void> | undefined {
    if (this.limits.signal?.aborted === true) throw new EvmError('cancelled', 'the execution was cancelled');
    const nowMs = performance.now();
    if (nowMs > this.deadlineMs) throw new EvmError('callTimeout', this.limits.timeoutMs === undefined ? 'its time is over' : `the call took more than ${this.limits.timeoutMs} ms`);
    return nowMs - this.turnBeganMs > SLICE_MS ? this.turn() : undefined;
  }

  private async turn(): Promise<void> {
    await nextTurn();
    this.turnBeganMs = performance.now();
  }
}
