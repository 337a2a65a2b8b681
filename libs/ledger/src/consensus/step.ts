import { blockHash } from '../formats/header.js';
import type { Effect, TimerId } from './effect.js';
import type { Input } from './input.js';
import { headerFits, isBlockOf, outcomeFits } from './check-block.js';
import { decideSynced } from './decide.js';
import { receiveEvidence } from './equivocation.js';
import { becomeDue, beginHeight, onMinInterval, onTransactionsAvailable } from './pace.js';
import { makeRoom, receiveProposal } from './proposals.js';
import { rebroadcast } from './rebroadcast.js';
import { receiveCertificate, receiveVote } from './receive.js';
import { replay } from './replay.js';
import { isProposer, startRound } from './rounds.js';
import { applyRules } from './rules.js';
import { hasSigned, onSigned, requestProposal, requestVote } from './sign.js';
import { roundState, type State } from './state.js';
import { setRebroadcastTimer, setRoundTimer } from './timers.js';
import { keyOf } from './votes.js';

/** The machine: one input, and what the shell must do about it. Changes `state` in place and returns it. */
export function step(state: State, input: Input): { state: State; effects: Effect[] } {
  const effects: Effect[] = [];
  if (state.halted) return { state, effects };
  take(state, effects, input);
  if (!state.halted) applyRules(state, effects);
  // Whoever halts says nothing more, not even what was signed before.
  if (state.halted) effects.splice(effects.findIndex((effect) => effect.type === 'halt') + 1);
  return { state, effects };
}

function take(state: State, effects: Effect[], input: Input): void {
  switch (input.type) {
    case 'start': return start(state, effects, input);
    case 'proposal': return dueIf(state, effects, receiveProposal(state, effects, input.proposal, input.nowMs));
    case 'vote': return dueIf(state, effects, receiveVote(state, effects, input.vote));
    case 'certificate': return dueIf(state, effects, receiveCertificate(state, effects, input.certificate));
    case 'skipProof': return dueIf(state, effects, input.votes.map((vote) => receiveVote(state, effects, vote)).includes(true));
    case 'evidence': return receiveEvidence(state, effects, input.evidence);
    case 'syncedBlock': return decideSynced(state, effects, input.block, input.certificate, input.outcome);
    case 'timeout': return timeout(state, effects, input.timer);
    case 'built': return built(state, effects, input);
    case 'executed': return executed(state, input);
    case 'signed': return onSigned(state, effects, input.id, input.signature);
    case 'transactionsAvailable': return onTransactionsAvailable(state, effects, input.height);
  }
}

/** Another validator works on this height: it is due here too. */
function dueIf(state: State, effects: Effect[], news: boolean): void {
  if (news) becomeDue(state, effects);
}

/** Rule 12. */
function start(state: State, effects: Effect[], input: Extract<Input, { type: 'start' }>): void {
  state.maySign = input.maySign;
  replay(state, effects, input.records);
  if (state.step === 'newHeight') return beginHeight(state, effects);
  state.due = true;
  if (state.step === 'propose') setRoundTimer(state, effects, 'propose');
  setRebroadcastTimer(state, effects);
  rebroadcast(state, effects, true);
}

/** Rule 1: answers `build`; proposed if the round still waits for it. A block that would not be valid here is not proposed. */
function built(state: State, effects: Effect[], input: Extract<Input, { type: 'built' }>): void {
  const { context, round } = state;
  const { block, outcome } = input;
  if (input.height !== context.height || input.round !== round || state.step !== 'propose' || !isProposer(state) || hasSigned(state, 'proposal', round)) return;
  const hash = blockHash(block.header);
  if (!isBlockOf(block, hash) || !headerFits(state, block) || !outcomeFits(state, block, outcome)) return;
  makeRoom(state);
  state.blocks.set(keyOf(hash), { block, status: 'valid', outcome });
  requestProposal(state, effects, block, hash, null);
}

function executed(state: State, input: Extract<Input, { type: 'executed' }>): void {
  const known = state.blocks.get(keyOf(input.blockHash));
  if (input.height !== state.context.height || known === undefined || known.status !== 'executing') return;
  const fits = input.outcome !== null && outcomeFits(state, known.block, input.outcome);
  known.status = fits ? 'valid' : 'invalid';
  known.outcome = fits ? input.outcome : null;
}

function timeout(state: State, effects: Effect[], timer: TimerId): void {
  if (timer.height !== state.context.height) return;
  if (timer.kind === 'pace') return becomeDue(state, effects);
  if (timer.kind === 'minInterval') return onMinInterval(state, effects);
  if (timer.round !== state.round || state.step === 'newHeight') return;
  if (timer.kind !== 'rebroadcast') {
    rebroadcast(state, effects, false);
    return roundTimeout(state, effects, timer.kind);
  }
  state.rebroadcasts += 1;
  setRebroadcastTimer(state, effects);
  rebroadcast(state, effects, true);
}

/** Rules 6 and 9. */
function roundTimeout(state: State, effects: Effect[], kind: 'propose' | 'prevote' | 'precommit'): void {
  if (kind === 'propose' && state.step === 'propose') {
    state.step = 'prevote';
    requestVote(state, effects, 'prevote', null);
  } else if (kind === 'prevote' && state.step === 'prevote') {
    state.step = 'precommit';
    requestVote(state, effects, 'precommit', null);
  } else if (kind === 'precommit') {
    startRound(state, effects, state.round + 1, roundState(state, state.round).precommits.all());
  }
}
