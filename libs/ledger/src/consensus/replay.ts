import { equalBytes } from '../encoding/index.js';
import { isBlockOf } from './check-block.js';
import type { Effect } from './effect.js';
import type { LogRecord } from './record.js';
import { proposalSignBytes } from '../formats/proposal.js';
import { countVote } from './receive.js';
import { selfIndex, voteOf } from './sign.js';
import { roundState, type State } from './state.js';
import { keyOf } from './votes.js';

const STEPS = { proposal: 'propose', prevote: 'prevote', precommit: 'precommit' } as const;
const ORDER = { newHeight: 0, propose: 1, prevote: 2, precommit: 3 } as const;

/**
 * Rule 12: replays this height's records after a restart. What was signed stays signed, the lock stays, and the round goes on
 * where it was. Blocks are executed again. The order of the records does not matter.
 */
export function replay(state: State, effects: Effect[], records: readonly LogRecord[]): void {
  const own = records.filter((record) => record.height === state.context.height);
  for (const record of own) {
    state.signed.set(`${record.kind}/${record.round}`, record);
    const step = STEPS[record.kind];
    if (record.round > state.round || (record.round === state.round && ORDER[step] > ORDER[state.step])) [state.round, state.step] = [record.round, step];
    restoreLock(state, record);
    if (record.block !== null && record.blockHash !== null && isBlockOf(record.block, record.blockHash)) {
      state.blocks.set(keyOf(record.blockHash), { block: record.block, status: 'executing', outcome: null });
      state.logged.add(keyOf(record.blockHash));
      effects.push({ type: 'execute', height: record.height, blockHash: record.blockHash, block: record.block });
    }
  }
  for (const { polka } of own) if (polka !== null) state.logged.add(`polka/${polka.round}`);
  for (const { round, entryProof } of own) {
    if (entryProof.length > 0) state.logged.add(`entry/${round}`);
    if (entryProof.length > 0 && round === state.round) state.entryProof = entryProof;
  }
  restorePolka(state, own);
  for (const record of own) adoptOwn(state, effects, record, own);
}

/** A vote counts again; a proposal of the current round is sent again, if its block and polka are in the log. */
function adoptOwn(state: State, effects: Effect[], record: LogRecord, records: readonly LogRecord[]): void {
  const vote = voteOf(state, record);
  if (vote !== null) return countVote(state, effects, vote);
  const { height, round, blockHash, signBytes, signature } = record;
  const known = blockHash === null ? undefined : state.blocks.get(keyOf(blockHash));
  if (blockHash === null || known === undefined || round !== state.round || selfIndex(state) < 0) return;
  for (const polka of [null, ...records.map((one) => one.polka)]) {
    const proposal = { height, round, polRound: polka?.round ?? -1, blockHash, proposer: selfIndex(state), block: known.block, polka };
    if (equalBytes(proposalSignBytes(state.config.genesisHash, proposal), signBytes)) roundState(state, round).proposal = { ...proposal, signature };
  }
}

function restoreLock(state: State, record: LogRecord): void {
  if (record.lockedRound > state.lockedRound) [state.lockedRound, state.lockedHash] = [record.lockedRound, record.lockedHash];
  if (record.validRound > state.validRound) [state.validRound, state.validHash] = [record.validRound, record.validHash];
}

/**
 * A block can be proposed again only with its polka and its body. Where the newest polka's body was in memory only, the locked
 * block takes its place: its body and polka always stand in the log.
 */
function restorePolka(state: State, records: readonly LogRecord[]): void {
  const { validHash } = state;
  const find = (round: number): LogRecord['polka'] => records.find((record) => record.polka?.round === round)?.polka ?? null;
  state.polka = find(state.validRound);
  if (state.polka !== null && validHash !== null && state.polka.blockHash !== null && equalBytes(state.polka.blockHash, validHash) && state.blocks.has(keyOf(validHash))) return;
  state.polka = find(state.lockedRound);
  state.validRound = state.polka === null ? -1 : state.lockedRound;
  state.validHash = state.polka === null ? null : state.lockedHash;
}
