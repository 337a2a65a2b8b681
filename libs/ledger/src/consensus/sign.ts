import { equalBytes, type Bytes } from '../encoding/index.js';
import type { Block } from '../formats/block.js';
import type { Certificate } from '../formats/certificate.js';
import { proposalSignBytes } from '../formats/proposal.js';
import { voteSignBytes, type Vote, type VoteKind } from '../formats/vote.js';
import type { Effect } from './effect.js';
import { countVote } from './receive.js';
import type { LogRecord, SignedKind, SignRequest } from './record.js';
import { roundState, type State, type UnsignedProposal } from './state.js';
import { keyOf } from './votes.js';

/**
 * Rule 11: have it signed and made durable, and only then tell anybody. One kind of message is signed once in a round: asked again, the same
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
  request(state, effects, { kind, blockHash, signBytes: voteSignBytes(state.config.genesisHash, { kind, height: context.height, round, blockHash }) }, null);
}

/** Rule 1: this node's proposal in its round; a new block, or one with the polka behind it. */
export function requestProposal(state: State, effects: Effect[], block: Block, blockHash: Bytes, polka: Certificate | null): void {
  const { round, context } = state;
  const proposal = { height: context.height, round, polRound: polka?.round ?? -1, blockHash, proposer: selfIndex(state), block, polka };
  request(state, effects, { kind: 'proposal', blockHash, signBytes: proposalSignBytes(state.config.genesisHash, proposal) }, proposal);
}

interface Content {
  kind: SignedKind;
  blockHash: Bytes | null;
  signBytes: Bytes;
}

function request(state: State, effects: Effect[], content: Content, proposal: UnsignedProposal | null): void {
  if (!state.maySign || selfIndex(state) < 0) return;
  const key = slot(content.kind, state.round);
  const signed = state.signed.get(key);
  if (signed === undefined) {
    state.signed.set(key, null);
    const id = state.nextId++;
    const asked = requestOf(state, content);
    state.pending.set(id, { request: asked, proposal });
    effects.push({ type: 'sign', id, request: asked });
  } else if (signed !== null && equalBytes(signed.signBytes, content.signBytes)) {
    publish(state, effects, signed, proposal);
  }
}

/** The lock goes with every record; polka, block and entry proof once, with the first record that needs them. */
function requestOf(state: State, { kind, blockHash, signBytes }: Content): SignRequest {
  const { round } = state;
  const polka = state.polka !== null && once(state, `polka/${state.polka.round}`) ? state.polka : null;
  const needed = kind !== 'prevote' && blockHash !== null ? state.blocks.get(keyOf(blockHash)) : undefined;
  const block = needed !== undefined && once(state, keyOf(blockHash)) ? needed.block : null;
  return {
    height: state.context.height, round, kind, blockHash, signBytes, lockedRound: state.lockedRound, lockedHash: state.lockedHash,
    validRound: state.validRound, validHash: state.validHash, polka, block, entryProof: once(state, `entry/${round}`) ? state.entryProof : [],
  };
}

function once(state: State, key: string): boolean {
  if (state.logged.has(key)) return false;
  state.logged.add(key);
  return true;
}

/** Signed, and the record is durable: the message counts here, and goes out. */
export function onSigned(state: State, effects: Effect[], id: number, signature: Bytes): void {
  const pending = state.pending.get(id);
  if (pending === undefined) return;
  state.pending.delete(id);
  const record: LogRecord = { ...pending.request, signature };
  state.signed.set(slot(record.kind, record.round), record);
  publish(state, effects, record, pending.proposal);
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
