import { equalBytes, type Bytes } from '../encoding/index.js';
import type { Block } from '../formats/block.js';
import type { Certificate } from '../formats/certificate.js';
import { proposalSignBytes } from '../formats/proposal.js';
import { voteSignBytes, type Vote, type VoteKind } from '../formats/vote.js';
import type { Effect } from './effect.js';
import { countVote } from './receive.js';
import type { LogRecord, SignedKind } from './record.js';
import { roundState, type Pending, type State, type UnsignedProposal } from './state.js';
import { keyOf } from './votes.js';

/**
 * Rule 11: sign, persist, and only then tell anybody. One kind of message is signed once in a round: asked again, the same
 * bytes give what was signed, and other bytes are refused.
 */
const slot = (kind: SignedKind, round: number): string => `${kind}/${round}`;

/** This node's index in the validator set, or −1. */
export function selfIndex(state: State): number {
  return state.config.self === null ? -1 : state.context.validators.indexOf(state.config.self);
}

/** Whether this node has signed, or is about to sign, a message of this kind in this round. */
export function hasSigned(state: State, kind: SignedKind, round: number): boolean {
  return state.signed.has(slot(kind, round));
}

/** Rules 2–5, 9: this node's vote in its round. */
export function requestVote(state: State, effects: Effect[], kind: VoteKind, blockHash: Bytes | null): void {
  const { round, context } = state;
  request(state, effects, { kind, round, blockHash, record: null, proposal: null, signBytes: voteSignBytes(state.config.genesisHash, { kind, height: context.height, round, blockHash }) });
}

/** Rule 1: this node's proposal in its round; a new block, or one with the polka behind it. */
export function requestProposal(state: State, effects: Effect[], block: Block, blockHash: Bytes, polka: Certificate | null): void {
  const { round, context } = state;
  const proposal = { height: context.height, round, polRound: polka?.round ?? -1, blockHash, proposer: selfIndex(state), block, polka };
  request(state, effects, { kind: 'proposal', round, blockHash, record: null, proposal, signBytes: proposalSignBytes(state.config.genesisHash, proposal) });
}

function request(state: State, effects: Effect[], pending: Pending): void {
  if (!state.maySign || selfIndex(state) < 0) return;
  const key = slot(pending.kind, pending.round);
  const signed = state.signed.get(key);
  if (signed === undefined) {
    state.signed.set(key, null);
    const id = state.nextId++;
    state.pending.set(id, pending);
    effects.push({ type: 'sign', id, signBytes: pending.signBytes });
  } else if (signed !== null && equalBytes(signed.signBytes, pending.signBytes)) {
    publish(state, effects, signed, pending.proposal);
  }
}

/** The signature is here: the record goes to the log before anybody hears of it. */
export function onSigned(state: State, effects: Effect[], id: number, signature: Bytes): void {
  const pending = state.pending.get(id);
  if (pending === undefined || pending.record !== null) return;
  pending.record = recordOf(state, pending, signature);
  effects.push({ type: 'persist', id, record: pending.record });
}

/** The lock goes with every record; polka, block and entry proof once, with the first record that needs them. */
function recordOf(state: State, pending: Pending, signature: Bytes): LogRecord {
  const { kind, round, blockHash, signBytes } = pending;
  const polka = state.polka !== null && once(state, `polka/${state.polka.round}`) ? state.polka : null;
  const needed = kind !== 'prevote' && blockHash !== null ? state.blocks.get(keyOf(blockHash)) : undefined;
  const block = needed !== undefined && once(state, keyOf(blockHash)) ? needed.block : null;
  return {
    height: state.context.height, round, kind, blockHash, signBytes, signature, lockedRound: state.lockedRound, lockedHash: state.lockedHash,
    validRound: state.validRound, validHash: state.validHash, polka, block,
    entryProof: round === state.round && once(state, `entry/${round}`) ? state.entryProof : [],
  };
}

function once(state: State, key: string): boolean {
  if (state.logged.has(key)) return false;
  state.logged.add(key);
  return true;
}

/** The record is durable: the message counts here, and goes out. */
export function onPersisted(state: State, effects: Effect[], id: number): void {
  const pending = state.pending.get(id);
  if (pending?.record == null) return;
  state.pending.delete(id);
  state.signed.set(slot(pending.kind, pending.round), pending.record);
  publish(state, effects, pending.record, pending.proposal);
}

function publish(state: State, effects: Effect[], record: LogRecord, proposal: UnsignedProposal | null): void {
  if (proposal !== null) {
    const signed = { ...proposal, signature: record.signature };
    roundState(state, record.round).proposal ??= signed;
    effects.push({ type: 'broadcast', message: { type: 'proposal', proposal: signed } });
    return;
  }
  const vote = voteOf(state, record);
  if (vote === null) return;
  countVote(state, effects, vote);
  effects.push({ type: 'broadcast', message: { type: 'vote', vote } });
}

/** The vote that a record holds; null for a proposal, and for who is no validator. */
export function voteOf(state: State, record: LogRecord): Vote | null {
  const { kind, height, round, blockHash, signature } = record;
  const validator = selfIndex(state);
  return kind === 'proposal' || validator < 0 ? null : { kind, height, round, blockHash, validator, signature };
}

/** This node's latest vote of each kind, as it was signed: for sending again. */
export function latestVotes(state: State): Vote[] {
  const latest = new Map<SignedKind, LogRecord>();
  for (const record of state.signed.values()) {
    if (record !== null && record.round >= (latest.get(record.kind)?.round ?? 0)) latest.set(record.kind, record);
  }
  return (['prevote', 'precommit'] as const).flatMap((kind) => {
    const record = latest.get(kind);
    return record === undefined ? [] : (voteOf(state, record) ?? []);
  });
}
