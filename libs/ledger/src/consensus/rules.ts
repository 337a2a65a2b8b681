import { equalBytes } from '../encoding/index.js';
import { isQuorum, isWeak } from '../formats/quorum.js';
import type { Vote } from '../formats/vote.js';
import { tryDecide } from './decide.js';
import type { Effect } from './effect.js';
import { startRound } from './rounds.js';
import { requestVote } from './sign.js';
import { roundState, type RoundState, type State } from './state.js';
import { setRoundTimer } from './timers.js';
import { keyOf } from './votes.js';

/** Applies the rules until none of them changes anything (each change raises height, round or step, so this ends). */
export function applyRules(state: State, effects: Effect[]): void {
  while (!state.halted && (tryDecide(state, effects) || trySkip(state, effects) || tryPrevote(state, effects) || tryPrecommit(state, effects))) {
    // Each rule that fired may enable another.
  }
  if (state.halted || state.step === 'newHeight') return;
  setQuorumTimers(state, effects);
}

const quorum = (state: State) => (power: bigint): boolean => isQuorum(state.config.faultModel, power, state.context.validators.total);

/** Rule 8, counting for a round every validator that has voted in it or later: enough of them are ahead, so go there. */
function trySkip(state: State, effects: Effect[]): boolean {
  const highest = new Map<number, Vote>(state.farVotes);
  for (const [round, { prevotes, precommits }] of state.rounds) {
    if (round <= state.round) continue;
    for (const vote of [...prevotes.all(), ...precommits.all()]) if ((highest.get(vote.validator)?.round ?? -1) < round) highest.set(vote.validator, vote);
  }
  if (highest.size === 0) return false;
  const { validators } = state.context;
  const votes = [...highest.values()].sort((a, b) => b.round - a.round || a.validator - b.validator);
  let power = 0n;
  for (const [i, vote] of votes.entries()) {
    power += validators.at(vote.validator)?.power ?? 0n;
    if (!isWeak(state.config.faultModel, power, validators.total)) continue;
    state.due = true;
    startRound(state, effects, vote.round, votes.slice(0, i + 1));
    return true;
  }
  return false;
}

/** Rules 2 and 3: the round's proposal is here, and its block has been executed. */
function tryPrevote(state: State, effects: Effect[]): boolean {
  if (state.step !== 'propose') return false;
  const proposal = state.rounds.get(state.round)?.proposal;
  if (proposal == null) return false;
  const known = state.blocks.get(keyOf(proposal.blockHash));
  if (known?.status === 'executing') return false;
  const lockedOnIt = state.lockedHash !== null && equalBytes(state.lockedHash, proposal.blockHash);
  const free = proposal.polRound === -1 ? state.lockedRound === -1 : state.lockedRound <= proposal.polRound;
  state.step = 'prevote';
  requestVote(state, effects, 'prevote', known?.status === 'valid' && (free || lockedOnIt) ? proposal.blockHash : null);
  return true;
}

/** Rules 4 and 5: a quorum of prevotes for one block, or for nil. */
function tryPrecommit(state: State, effects: Effect[]): boolean {
  if (state.step !== 'prevote' && state.step !== 'precommit') return false;
  const round = state.rounds.get(state.round);
  const key = round?.prevotes.find(quorum(state));
  if (round === undefined || key === undefined) return false;
  if (key === 'nil') {
    if (state.step !== 'prevote') return false;
    state.step = 'precommit';
    requestVote(state, effects, 'precommit', null);
    return true;
  }
  return lockOn(state, effects, round, key);
}

/** Rule 5: the polka makes the block valid, and locks it where this node has not precommitted yet. */
function lockOn(state: State, effects: Effect[], round: RoundState, key: string): boolean {
  const known = state.blocks.get(key);
  const vote = round.prevotes.all().find((one) => keyOf(one.blockHash) === key);
  if (known?.status !== 'valid' || vote === undefined || vote.blockHash === null) return false;
  const fresh = state.validRound < state.round;
  if (!fresh && state.step === 'precommit') return false;
  state.validRound = state.round;
  state.validHash = vote.blockHash;
  state.polka = round.prevotes.certificate(state.context.height, vote.blockHash);
  if (state.step === 'precommit') return false;
  state.step = 'precommit';
  state.lockedRound = state.round;
  state.lockedHash = vote.blockHash;
  requestVote(state, effects, 'precommit', vote.blockHash);
  return true;
}

/** Rules 4 and 6: a quorum of any mix starts the timer that lets the round move on. */
function setQuorumTimers(state: State, effects: Effect[]): void {
  const { prevotes, precommits } = roundState(state, state.round);
  if (state.step === 'prevote' && quorum(state)(prevotes.power)) setRoundTimer(state, effects, 'prevote');
  if (quorum(state)(precommits.power)) setRoundTimer(state, effects, 'precommit');
}
