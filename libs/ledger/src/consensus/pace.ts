import type { Effect } from './effect.js';
import { startRound } from './rounds.js';
import type { State } from './state.js';
import { setTimer } from './timers.js';

/**
 * When a height begins its first round. Height 1 at once; under load as soon as transactions are here and the least interval
 * has passed; after a block with transactions a few empty ones at the trailing interval; else at the heartbeat. A message of
 * this height from another validator says that it is due as well.
 */
export function beginHeight(state: State, effects: Effect[]): void {
  const { context } = state;
  if (context.height === 1n) {
    becomeDue(state, effects);
    return;
  }
  const { params } = context;
  setTimer(state, effects, 'minInterval', params.minBlockIntervalMs);
  setTimer(state, effects, 'pace', context.emptyBlocks < params.trailingBlocks ? params.trailingIntervalMs : params.heartbeatIntervalMs);
}

export function onTransactionsAvailable(state: State, effects: Effect[], height: bigint): void {
  if (height !== state.context.height) return;
  state.transactionsAvailable = true;
  if (state.minIntervalOver) becomeDue(state, effects);
}

export function onMinInterval(state: State, effects: Effect[]): void {
  state.minIntervalOver = true;
  if (state.transactionsAvailable) becomeDue(state, effects);
}

export function becomeDue(state: State, effects: Effect[]): void {
  if (state.due) return;
  state.due = true;
  if (state.step === 'newHeight') startRound(state, effects, 0, []);
}
