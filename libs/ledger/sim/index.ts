/** The simulator: nodes that run the machine on virtual time, with faults that a seed names. */
export { simulate, type SimOptions, type SimResult } from './simulate.js';
export { REAL_MACHINE, type Machine } from './machine.js';
export { planOf } from './draw-plan.js';
export { brokenPlanOf } from './draw-broken-plan.js';
export { LIES, MISFORTUNES, type Lie, type Plan } from './plan.js';
export { INVARIANTS } from './invariant.js';
export { MAX_NODES } from './keys.js';
