import { createState, step, type Effect, type HeightContext, type Input, type MachineConfig, type State } from '../src/index.js';

/** What a node runs. */
export interface Machine {
  createState(config: MachineConfig, context: HeightContext): State;
  step(state: State, input: Input): { state: State; effects: Effect[] };
}

export const REAL_MACHINE: Machine = { createState, step };
