import { equalBytes, type Bytes } from '../encoding/index.js';
import { proposalSignBytes, type Proposal } from '../formats/proposal.js';
import { voteSignBytes, type Vote, type VoteKind } from '../formats/vote.js';
import type { Effect } from './effect.js';
import type { LogRecord, SignedKind } from './record.js';
import { keyOf } from './votes.js';
import { roundState, type Pending, type State } from './state.js';

const slot = (kind: SignedKind, round: number): string => `${kind}/${round}`;

/** This node's index in the validator set, or −1. */
export function selfIndex(state: State): number {
  return state.config.self === null ? -1 : state.context.validators.indexOf(state.config.self);
}

/** Whether this node has signed, or is about to sign, a message of this kind in this round. */
export function hasSigned(state: State, kind: SignedKind, round: number): boolean {
  return state.signed.has(slot(kind, round));
}

/** Rules 2–5, 9: asks for a vote's signature, once for each kind and round. Never a second, conflicting one. */
export function requestVote(state: State, effects: Effect[], kind: VoteKind, blockHash: Bytes | null): void {
  const { round, context } = state;
  request(state, effects, { kind, round, blockHash, proposal: null, record: null, signBytes: voteSignBytes(state.config.genesisHash, { kind, height: context.height, round, blockHash }) });
}

/** Rule 1. */
export function requestProposal(state: State, effects: Effect[], proposal: Omit<Proposal, 'signature'>): void {
  request(state, effects, {
    kind: 'proposal', round: proposal.round, blockHash: proposal.blockHash, proposal, record: null, signBytes: proposalSignBytes(state.config.genesisHash, proposal),
  });
}

function request(state: State, effects: Effect[], pending: Pending): void {
  if (!state.maySign || selfIndex(state) < 0 || hasSigned(state, pending.kind, pending.round)) return;
  state.signed.set(slot(pending.kind, pending.round), null);
  const id = state.nextId++;
  state.pending.set(id, pending);
  effects.push({ type: 'sign', id, signBytes: pending.signBytes });
}

/** The signature is here: the record goes to the log before anybody hears of it. */
export function onSigned(state: State, effects: Effect[], id: number, signature: Bytes): void {
  const pending = state.pending.get(id);
  if (pending === undefined || pending.record !== null) return;
  pending.record = recordOf(state, pending, signature);
  effects.push({ type: 'persist', id, record: pending.record });
}

function recordOf(state: State, pending: Pending, signature: Bytes): LogRecord {
  const locks = pending.kind === 'precommit' && pending.blockHash !== null;
  return {
    height: state.context.height, round: pending.round, kind: pending.kind, blockHash: pending.blockHash, signBytes: pending.signBytes, signature,
    lockedRound: state.lockedRound, lockedHash: state.lockedHash, validRound: state.validRound, validHash: state.validHash,
    polka: locks ? state.polka : null,
    block: locks ? (state.blocks.get(keyOf(pending.blockHash))?.block ?? null) : null,
  };
}

/** The record is durable: the message counts here, and goes out. */
export function onPersisted(state: State, effects: Effect[], id: number): void {
  const pending = state.pending.get(id);
  if (pending?.record == null) return;
  state.pending.delete(id);
  state.signed.set(slot(pending.kind, pending.round), pending.record);
  if (pending.proposal !== null) {
    const proposal: Proposal = { ...pending.proposal, signature: pending.record.signature };
    roundState(state, proposal.round).proposal = proposal;
    effects.push({ type: 'broadcast', message: { type: 'proposal', proposal } });
    return;
  }
  const vote = voteOf(state, pending.record);
  if (vote === null) return;
  countOwn(state, vote);
  effects.push({ type: 'broadcast', message: { type: 'vote', vote } });
}

function voteOf(state: State, record: LogRecord): Vote | null {
  if (record.kind === 'proposal') return null;
  return { kind: record.kind, height: record.height, round: record.round, blockHash: record.blockHash, validator: selfIndex(state), signature: record.signature };
}

function countOwn(state: State, vote: Vote): void {
  const round = roundState(state, vote.round);
  (vote.kind === 'prevote' ? round.prevotes : round.precommits).add(vote);
}

/** Own votes of the current round, as they were signed: for rebroadcasting. */
export function ownVotes(state: State): Vote[] {
  return (['prevote', 'precommit'] as const).flatMap((kind) => {
    const record = state.signed.get(slot(kind, state.round));
    const vote = record == null ? null : voteOf(state, record);
    return vote === null ? [] : [vote];
  });
}

/**
 * Replays this height's records after a restart: what was signed stays signed, the lock stays, and the round goes on where
 * it was. Returns the locked block, which has to be executed again.
 */
export function replay(state: State, records: readonly LogRecord[]): void {
  for (const record of records) {
    if (record.height !== state.context.height) continue;
    state.signed.set(slot(record.kind, record.round), record);
    state.lockedRound = record.lockedRound;
    state.lockedHash = record.lockedHash;
    state.validRound = record.validRound;
    state.validHash = record.validHash;
    if (record.polka !== null) state.polka = record.polka;
    if (record.block !== null && record.blockHash !== null) state.blocks.set(keyOf(record.blockHash), { block: record.block, status: 'executing', outcome: null });
    const vote = voteOf(state, record);
    if (vote !== null && vote.validator >= 0) countOwn(state, vote);
    if (record.round < state.round && state.step !== 'newHeight') continue;
    state.round = record.round;
    state.step = record.kind === 'proposal' ? 'propose' : record.kind;
  }
  // A valid block without its polka can be locked, but not proposed again: somebody else has to.
  if (state.polka === null || state.validHash === null || state.polka.blockHash === null || !equalBytes(state.polka.blockHash, state.validHash)) {
    state.polka = null;
  }
}
