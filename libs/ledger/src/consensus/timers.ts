import { MAX_GROWTH_ROUNDS } from './bounds.js';
import type { Effect, TimerKind } from './effect.js';
import type { State } from './state.js';

const MIN_REBROADCAST_MS = 200;
/** Sending again slows down this many times while nothing moves. */
const MAX_REBROADCAST_BACKOFF = 4;

/** Delay of a round's timer: it grows with the round, so that some round is longer than the network's delays (paper, section III). */
function roundDelayMs(state: State, kind: 'propose' | 'prevote' | 'precommit'): number {
  const { params } = state.context;
  const base = { propose: params.proposeTimeoutMs, prevote: params.prevoteTimeoutMs, precommit: params.precommitTimeoutMs }[kind];
  return base + params.timeoutDeltaMs * Math.min(state.round, MAX_GROWTH_ROUNDS);
}

export function setTimer(state: State, effects: Effect[], kind: TimerKind, delayMs: number): void {
  effects.push({ type: 'setTimer', timer: { kind, height: state.context.height, round: state.round }, delayMs });
}

/** Sets a round's timer, once in that round. */
export function setRoundTimer(state: State, effects: Effect[], kind: 'propose' | 'prevote' | 'precommit'): void {
  const key = `${kind}/${state.round}`;
  if (state.timersSet.has(key)) return;
  state.timersSet.add(key);
  setTimer(state, effects, kind, roundDelayMs(state, kind));
}

/** Rule 13: when own votes and proofs are sent again, as long as nothing moves. */
export function setRebroadcastTimer(state: State, effects: Effect[]): void {
  const everyMs = Math.max(MIN_REBROADCAST_MS, state.context.params.prevoteTimeoutMs);
  setTimer(state, effects, 'rebroadcast', everyMs * Math.min(1 + state.rebroadcasts, MAX_REBROADCAST_BACKOFF));
}
