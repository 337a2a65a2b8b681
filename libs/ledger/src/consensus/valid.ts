import type { Certificate } from '../formats/certificate.js';
import type { State } from './state.js';
import { keyOf } from './votes.js';

/**
 * Rule 5, first half: the newest polka whose block is valid here is what this node would propose. Polkas of past rounds count
 * as well: proposing an older one is never unsafe, and nodes that were away learn what others are locked on. True where it changed.
 */
export function adoptValid(state: State): boolean {
  let newest: Certificate | null = null;
  for (const [round, { polka }] of state.rounds) {
    if (polka === null || round > state.round || round <= state.validRound || round <= (newest?.round ?? -1)) continue;
    if (round === state.round && state.step !== 'prevote' && state.step !== 'precommit') continue;
    if (state.blocks.get(keyOf(polka.blockHash))?.status === 'valid') newest = polka;
  }
  if (newest === null) return false;
  state.validRound = newest.round;
  state.validHash = newest.blockHash;
  state.polka = newest;
  return true;
}
