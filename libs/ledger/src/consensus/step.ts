import { equalBytes } from '../encoding/index.js';
import { blockHash } from '../formats/header.js';
import type { Effect, TimerId } from './effect.js';
import type { Input } from './input.js';
import { decideSynced, outcomeFits } from './decide.js';
import { becomeDue, beginHeight, onMinInterval, onTransactionsAvailable } from './pace.js';
import { receiveProposal } from './proposals.js';
import { receiveCertificate, receiveVote } from './receive.js';
import { isProposer, startRound } from './rounds.js';
import { applyRules } from './rules.js';
import { hasSigned, onPersisted, onSigned, ownVotes, replay, requestProposal, requestVote, selfIndex } from './sign.js';
import { roundState, type State } from './state.js';
import { setRebroadcastTimer, setRoundTimer } from './timers.js';
import { keyOf } from './votes.js';

/** The machine: one input, and what the shell must do about it. Changes `state` in place and returns it. */
export function step(state: State, input: Input): { state: State; effects: Effect[] } {
  const effects: Effect[] = [];
  if (state.halted) return { state, effects };
  take(state, effects, input);
  if (!state.halted) applyRules(state, effects);
  return { state, effects };
}

function take(state: State, effects: Effect[], input: Input): void {
  switch (input.type) {
    case 'start': return start(state, effects, input);
    case 'proposal': return dueIf(state, effects, receiveProposal(state, effects, input.proposal, input.nowMs));
    case 'vote': return dueIf(state, effects, receiveVote(state, effects, input.vote));
    case 'certificate': return dueIf(state, effects, receiveCertificate(state, effects, input.certificate));
    case 'skipProof': return dueIf(state, effects, input.votes.map((vote) => receiveVote(state, effects, vote)).includes(true));
    case 'syncedBlock': return void decideSynced(state, effects, input.block, input.certificate, input.outcome);
    case 'timeout': return timeout(state, effects, input.timer);
    case 'built': return built(state, effects, input);
    case 'executed': return executed(state, input);
    case 'signed': return onSigned(state, effects, input.id, input.signature);
    case 'persisted': return onPersisted(state, effects, input.id);
    case 'transactionsAvailable': return onTransactionsAvailable(state, effects, input.height);
  }
}

/** Another validator works on this height: it is due here too. */
function dueIf(state: State, effects: Effect[], news: boolean): void {
  if (news) becomeDue(state, effects);
}

function start(state: State, effects: Effect[], input: Extract<Input, { type: 'start' }>): void {
  state.maySign = input.maySign;
  replay(state, input.records);
  for (const { block, status } of state.blocks.values()) {
    if (status === 'executing') effects.push({ type: 'execute', height: state.context.height, blockHash: blockHash(block.header), block });
  }
  if (state.step === 'newHeight') {
    beginHeight(state, effects);
    return;
  }
  state.due = true;
  if (state.step === 'propose') setRoundTimer(state, effects, 'propose');
  setRebroadcastTimer(state, effects);
  rebroadcast(state, effects);
}

/** Answers `build`: proposed if the round still waits for it. */
function built(state: State, effects: Effect[], input: Extract<Input, { type: 'built' }>): void {
  const { context, round } = state;
  if (input.height !== context.height || input.round !== round || state.step !== 'propose' || !isProposer(state) || hasSigned(state, 'proposal', round)) return;
  const hash = blockHash(input.block.header);
  state.blocks.set(keyOf(hash), { block: input.block, status: 'valid', outcome: input.outcome });
  requestProposal(state, effects, { height: context.height, round, polRound: -1, blockHash: hash, proposer: selfIndex(state), block: input.block, polka: null });
}

function executed(state: State, input: Extract<Input, { type: 'executed' }>): void {
  const known = state.blocks.get(keyOf(input.blockHash));
  if (input.height !== state.context.height || known === undefined || known.status !== 'executing') return;
  const fits = input.outcome !== null && outcomeFits(known.block, input.outcome);
  known.status = fits ? 'valid' : 'invalid';
  known.outcome = fits ? input.outcome : null;
}

function timeout(state: State, effects: Effect[], timer: TimerId): void {
  if (timer.height !== state.context.height) return;
  if (timer.kind === 'pace') return becomeDue(state, effects);
  if (timer.kind === 'minInterval') return onMinInterval(state, effects);
  if (timer.round !== state.round) return;
  if (timer.kind !== 'rebroadcast') roundTimeout(state, effects, timer.kind);
  if (timer.kind === 'rebroadcast') setRebroadcastTimer(state, effects);
  rebroadcast(state, effects);
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

/** Over lossy links: what this node has said in this round, what let it in, and what it knows of the proposal, once more. */
function rebroadcast(state: State, effects: Effect[]): void {
  const { proposal } = roundState(state, state.round);
  const known = proposal === null ? undefined : state.blocks.get(keyOf(proposal.blockHash));
  if (proposal !== null && known !== undefined && equalBytes(blockHash(proposal.block.header), proposal.blockHash)) effects.push({ type: 'broadcast', message: { type: 'proposal', proposal } });
  if (state.entryProof.length > 0) effects.push({ type: 'broadcast', message: { type: 'skipProof', votes: state.entryProof } });
  if (state.polka !== null) effects.push({ type: 'broadcast', message: { type: 'certificate', certificate: state.polka } });
  for (const vote of ownVotes(state)) effects.push({ type: 'broadcast', message: { type: 'vote', vote } });
}
