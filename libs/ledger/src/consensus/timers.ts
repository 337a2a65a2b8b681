import type { Effect, TimerKind } from './effect.js';
import type { State } from './state.js';

/** Beyond this many rounds a timeout grows no more. */
const MAX_GROWTH_ROUNDS = 60;

/** Delay of a round's timer: it grows with the round, so that some round is longer than the network's delays (paper, section III). */
function delayMs(state: State, kind: 'propose' | 'prevote' | 'precommit'): number {
  const { params } = state.context;
  const base = { propose: params.proposeTimeoutMs, prevote: params.prevoteTimeoutMs, precommit: params.precommitTimeoutMs }[kind];
  return base + params.timeoutDeltaMs * Math.min(state.round, MAX_GROWTH_ROUNDS);
}

export function setTimer(state: State, effects: Effect[], kind: TimerKind, afterMs: number): void {
  effects.push({ type: 'setTimer', timer: { kind, height: state.context.height, round: state.round }, delayMs: afterMs });
}

/** Sets a round's timer, once in that round. */
export function setRoundTimer(state: State, effects: Effect[], kind: 'propose' | 'prevote' | 'precommit'): void {
  const key = `${kind}/${state.round}`;
  if (state.timersSet.has(key)) return;
  state.timersSet.add(key);
  setTimer(state, effects, kind, delayMs(state, kind));
}

/** How often own votes and proofs are sent again while nothing moves. */
export function setRebroadcastTimer(state: State, effects: Effect[]): void {
  setTimer(state, effects, 'rebroadcast', Math.max(200, state.context.params.prevoteTimeoutMs));
}
