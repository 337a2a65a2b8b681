import type { Vote } from '../formats/vote.js';
import type { Effect } from './effect.js';
import { proposerIndex } from './proposer.js';
import { adoptFarVotes } from './receive.js';
import { hasSigned, requestProposal, selfIndex } from './sign.js';
import type { State } from './state.js';
import { setRebroadcastTimer, setRoundTimer } from './timers.js';
import { keyOf } from './votes.js';

/** Rounds behind the current one that are kept: a decision may come in any round, and so do commit certificates. */
const ROUNDS_KEPT = 32;

/**
 * Rule 1. The proposer proposes its valid block with the polka behind it, else a new one; the others wait for it.
 * @param proof the votes that let this node in, sent again as long as it stays in this round.
 */
export function startRound(state: State, effects: Effect[], round: number, proof: readonly Vote[]): void {
  state.round = round;
  state.step = 'propose';
  state.entryProof = proof;
  for (const old of state.rounds.keys()) if (old < round - ROUNDS_KEPT) state.rounds.delete(old);
  adoptFarVotes(state);
  setRoundTimer(state, effects, 'propose');
  setRebroadcastTimer(state, effects);
  propose(state, effects);
}

/** Whether this node proposes in its current round. */
export function isProposer(state: State): boolean {
  const self = selfIndex(state);
  return self >= 0 && proposerIndex(state.context.validators, state.context.height, state.round) === self;
}

function propose(state: State, effects: Effect[]): void {
  const { context, round } = state;
  if (!state.maySign || !isProposer(state) || hasSigned(state, 'proposal', round)) return;
  const valid = state.validHash === null ? undefined : state.blocks.get(keyOf(state.validHash));
  if (state.validHash !== null && valid !== undefined && state.polka !== null) {
    requestProposal(state, effects, { height: context.height, round, polRound: state.polka.round, blockHash: state.validHash, proposer: selfIndex(state), block: valid.block, polka: state.polka });
    return;
  }
  effects.push({
    type: 'build', height: context.height, round, minTimeMs: context.prevTimeMs + 1n, lastCommit: context.prevCommit, evidence: [],
  });
}
