import type { Vote } from '../formats/vote.js';
import { ROUNDS_BEHIND } from './bounds.js';
import type { Effect } from './effect.js';
import { evidenceForBlock } from './equivocation.js';
import { proposerIndex } from './proposer.js';
import { adoptAhead } from './receive.js';
import { hasSigned, requestProposal, selfIndex } from './sign.js';
import type { State } from './state.js';
import { setRebroadcastTimer, setRoundTimer } from './timers.js';
import { adoptValid } from './valid.js';
import { keyOf } from './votes.js';

/**
 * Rule 1. The proposer proposes its valid block with the polka behind it, else a new one; the others wait for it.
 * @param proof the votes that let this node in, sent again as long as it stays in this round.
 */
export function startRound(state: State, effects: Effect[], round: number, proof: readonly Vote[]): void {
  state.round = round;
  state.step = 'propose';
  state.due = true;
  state.entryProof = proof;
  state.rebroadcasts = 0;
  state.timersSet.clear();
  for (const old of state.rounds.keys()) if (old < round - ROUNDS_BEHIND) state.rounds.delete(old);
  adoptAhead(state, effects);
  adoptValid(state);
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
  const { context, round, polka, validHash } = state;
  if (!state.maySign || !isProposer(state) || hasSigned(state, 'proposal', round)) return;
  const valid = validHash === null ? undefined : state.blocks.get(keyOf(validHash));
  if (polka !== null && validHash !== null && valid !== undefined) return requestProposal(state, effects, valid.block, validHash, polka);
  effects.push({ type: 'build', height: context.height, round, minTimeMs: context.prevTimeMs + 1n, lastCommit: context.prevCommit, evidence: evidenceForBlock(state) });
}
