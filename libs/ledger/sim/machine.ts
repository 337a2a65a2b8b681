import { createState, step, type Effect, type HeightContext, type Input, type LogRecord, type MachineConfig, type State } from '../src/index.js';

/** What a node runs. The planted bugs of the tests are wrappers around it. */
export interface Machine {
  createState(config: MachineConfig, context: HeightContext): State;
  step(state: State, input: Input): { state: State; effects: Effect[] };
  /** A planted bug of the shell: tells the machine that a record is durable before it is. */
  sendsBeforePersisting?: boolean;
  /** What a restart reads of its log. */
  readLog(records: readonly LogRecord[]): readonly LogRecord[];
}

export const REAL_MACHINE: Machine = { createState, step, readLog: (records) => records };
