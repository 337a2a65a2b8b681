/** Tendermint (arXiv 1807.04938) as a pure machine: `step(state, input)` gives effects; docs/spec/consensus.md has the rules. */
export type { ExecutionOutcome, Input } from './input.js';
export type { Effect, HaltProof, Message, TimerId, TimerKind } from './effect.js';
export { decodeLogRecord, encodeLogRecord, type LogRecord, type SignedKind, type SignRequest } from './record.js';
export { MAX_EVIDENCE_AGE_HEIGHTS } from './bounds.js';
export { accusedAfter, evidenceKey, NOBODY_ACCUSED } from './equivocation.js';
export { proposerIndex } from './proposer.js';
export { createState, type Accused, type HeightContext, type KnownBlock, type MachineConfig, type State, type Step } from './state.js';
export { step } from './step.js';
