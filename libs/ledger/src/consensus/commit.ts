import { equalBytes } from '../encoding/index.js';
import type { Certificate } from '../formats/certificate.js';
import type { Effect, HaltProof } from './effect.js';
import type { State } from './state.js';
import { keyOf } from './votes.js';

/** This node cannot go on: it keeps everything and does nothing more. */
export function halt(state: State, effects: Effect[], reason: string, proof: HaltProof): void {
  if (state.halted) return;
  state.halted = true;
  effects.push({ type: 'halt', reason, proof });
}

/** Rule 7, first half: a quorum has precommitted a block. A second one for another block means that safety is lost (rule 17). */
export function noteCommit(state: State, effects: Effect[], certificate: Certificate): void {
  const { blockHash, height } = certificate;
  if (blockHash === null) return;
  if (state.commit === null) state.commit = certificate;
  else if (state.commit.blockHash !== null && !equalBytes(state.commit.blockHash, blockHash)) {
    const reason = `two certificates of height ${height}: for ${keyOf(state.commit.blockHash)} in round ${state.commit.round} and for ${keyOf(blockHash)} in round ${certificate.round}`;
    halt(state, effects, reason, { certificates: [state.commit, certificate], block: null });
  }
}
