import { equalBytes } from '../encoding/index.js';
import { isWeak } from '../formats/quorum.js';
import { tryDecide } from './decide.js';
import type { Effect } from './effect.js';
import { startRound } from './rounds.js';
import { requestVote } from './sign.js';
import { roundState, type State } from './state.js';
import { setRoundTimer } from './timers.js';
import { adoptValid } from './valid.js';
import { keyOf } from './votes.js';

/** Applies the rules until none of them changes anything: each change raises height, round, step or valid round, so this ends. */
export function applyRules(state: State, effects: Effect[]): void {
  while (!state.halted && (tryDecide(state, effects) || trySkip(state, effects) || tryPrevote(state, effects) || adoptValid(state) || tryPrecommit(state, effects))) {
    // Each rule that fired may enable another.
  }
  if (state.halted || state.step === 'newHeight') return;
  const { prevotes, precommits } = roundState(state, state.round);
  // Rules 4 and 6: a quorum of any mix starts the timer that lets the round move on.
  if (state.step === 'prevote' && prevotes.anyQuorum) setRoundTimer(state, effects, 'prevote');
  if (precommits.anyQuorum) setRoundTimer(state, effects, 'precommit');
}

/** Rule 8, counting for a round every validator that has voted in it or later: enough of them are ahead, so go there. */
function trySkip(state: State, effects: Effect[]): boolean {
  if (state.ahead.size === 0) return false;
  const { validators } = state.context;
  const votes = [...state.ahead.values()].sort((a, b) => b.round - a.round || a.validator - b.validator);
  let power = 0n;
  for (const [i, vote] of votes.entries()) {
    power += validators.at(vote.validator)?.power ?? 0n;
    if (vote.round <= state.round || !isWeak(state.config.faultModel, power, validators.total)) continue;
    startRound(state, effects, vote.round, votes.slice(0, i + 1));
    return true;
  }
  return false;
}

/** Rules 2 and 3: the round's proposal is here, and its block has been executed. */
function tryPrevote(state: State, effects: Effect[]): boolean {
  if (state.step !== 'propose') return false;
  const round = state.rounds.get(state.round);
  const proposal = round?.proposal;
  if (round === undefined || proposal == null) return false;
  const known = state.blocks.get(keyOf(proposal.blockHash));
  if (known?.status === 'executing') return false;
  const lockedOnIt = state.lockedHash !== null && equalBytes(state.lockedHash, proposal.blockHash);
  const free = proposal.polRound === -1 ? state.lockedRound === -1 : state.lockedRound <= proposal.polRound;
  state.step = 'prevote';
  requestVote(state, effects, 'prevote', known?.status === 'valid' && !round.unwelcome && (free || lockedOnIt) ? proposal.blockHash : null);
  return true;
}

/** Rule 4: a quorum of prevotes for nil. Rule 5, second half: a polka of this round locks its block. */
function tryPrecommit(state: State, effects: Effect[]): boolean {
  if (state.step !== 'prevote') return false;
  const { round } = state;
  if (state.validRound === round && state.validHash !== null) {
    state.step = 'precommit';
    state.lockedRound = round;
    state.lockedHash = state.validHash;
    requestVote(state, effects, 'precommit', state.validHash);
    return true;
  }
  const quorum = state.rounds.get(round)?.prevotes.quorum;
  if (quorum == null || quorum.blockHash !== null) return false;
  state.step = 'precommit';
  requestVote(state, effects, 'precommit', null);
  return true;
}
