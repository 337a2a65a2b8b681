import type { Bytes } from '#ledger';
import type { EvmErrorCode, EvmErrorDetails } from '../errors.js';
import type { BoundedCall } from '../execute/engine.js';
import type { CallResult, ParentBlock } from '../execute/executor.js';
import type { BuildEffects, BuildLimits } from '../execute/run-build.js';
import type { CallFrame } from '../execute/call-frame.js';
import type { TraceRequest } from '../execute/trace.js';
import type { PackedEffects } from './packing.js';

/** What the main thread and an execution thread say to each other. */

/** Given to a thread when it starts. */
export interface ThreadData {
  role: 'steleExecution';
  /** Of the store, which the main thread has open. */
  folder: string;
  /** Canonical bytes. */
  genesis: Bytes;
  /** The flags below, for each slot. */
  flags: SharedArrayBuffer;
}

/** Places in the shared Int32Array, for each slot `SLOT_FLAGS` apart. */
export const SLOT_FLAGS = 3;
/** Set by the main thread: the job shall end. */
export const CANCELLED = 0;
/** Set by the execution thread while it builds: the candidate that it tries, and whether that one stands first. */
export const TRYING = 1;
export const IS_FIRST = 2;

export type Job =
  | { kind: 'execute'; parent: ParentBlock; timeMs: bigint; transactions: ArrayBuffer }
  | { kind: 'build'; parent: ParentBlock; timeMs: bigint; transactions: ArrayBuffer; limits: BuildLimits }
  | { kind: 'call'; call: BoundedCall }
  | { kind: 'estimate'; call: BoundedCall }
  | { kind: 'trace'; request: Omit<TraceRequest, 'transactions'>; transactions: ArrayBuffer };

export interface Order {
  id: number;
  slot: number;
  job: Job;
}

export interface Answers {
  execute: PackedEffects;
  build: PackedEffects & Pick<BuildEffects, 'taken' | 'skipped'>;
  call: CallResult;
  estimate: bigint;
  trace: CallFrame[];
}
export type Answer = Answers[keyof Answers];

/** An EvmError as it travels; `other` is a fault of the program, told with its stack. */
export type Failure = { code: EvmErrorCode; message: string; details: EvmErrorDetails } | { code: null; other: string };

export type Report = { ready: true } | { ready: false; id: number; answer: Answer } | { ready: false; id: number; failure: Failure };
