import { equalBytes, type Bytes } from '../encoding/index.js';
import type { Block } from '../formats/block.js';
import { verifyCertificate, type Certificate } from '../formats/certificate.js';
import { blockHash } from '../formats/header.js';
import { headerFits, isBlockOf, outcomeFits } from './check-block.js';
import { halt, noteCommit } from './commit.js';
import type { Effect } from './effect.js';
import { accusedAfter, forgetEvidence } from './equivocation.js';
import type { ExecutionOutcome } from './input.js';
import { beginHeight } from './pace.js';
import { requestMissing } from './rebroadcast.js';
import { freshHeight, type HeightContext, type State } from './state.js';
import { keyOf } from './votes.js';

/** Rule 7: a quorum of precommits for one block, in any round, and the block is here and executed. */
export function tryDecide(state: State, effects: Effect[]): boolean {
  const { commit } = state;
  if (commit === null || commit.blockHash === null) return false;
  const key = keyOf(commit.blockHash);
  const known = state.blocks.get(key);
  if (known === undefined) {
    if (!state.syncAsked) requestMissing(state, effects);
    state.syncAsked = true;
    return false;
  }
  if (known.status === 'executing') return false;
  if (known.outcome === null) {
    halt(state, effects, `diverged: a quorum decided block ${key} at height ${state.context.height}, and it is invalid here`, { certificates: [commit], block: known.block });
    return false;
  }
  const precommits = state.rounds.get(commit.round)?.precommits;
  const whole = precommits?.quorum?.key === key ? precommits.certificate(commit.height, commit.blockHash) : commit;
  decide(state, effects, known.block, commit.blockHash, whole, known.outcome);
  return true;
}

/** Rule 14: a decided block of a peer. Ignored unless body and certificate hold; then it must do here what it says. */
export function decideSynced(state: State, effects: Effect[], block: Block, certificate: Certificate, outcome: ExecutionOutcome): void {
  const { validators, height } = state.context;
  const { faultModel, genesisHash, verify } = state.config;
  const hash = blockHash(block.header);
  if (block.header.height !== height || certificate.kind !== 'precommit' || certificate.height !== height) return;
  if (certificate.blockHash === null || !equalBytes(certificate.blockHash, hash) || !isBlockOf(block, hash)) return;
  if (!verifyCertificate(certificate, validators, faultModel, genesisHash, verify).ok) return;
  noteCommit(state, effects, certificate);
  if (state.halted) return;
  if (!headerFits(state, block) || !outcomeFits(state, block, outcome)) {
    return halt(state, effects, `diverged: the certified block ${keyOf(hash)} at height ${height} does something else here`, { certificates: [certificate], block });
  }
  decide(state, effects, block, hash, certificate, outcome);
}

/** Decides and leaves the height, in one transition: nothing can come between. */
function decide(state: State, effects: Effect[], block: Block, hash: Bytes, certificate: Certificate, outcome: ExecutionOutcome): void {
  effects.push({ type: 'decide', block, certificate, outcome });
  Object.assign(state, freshHeight(nextContext(state.context, block, hash, certificate, outcome)));
  forgetEvidence(state);
  beginHeight(state, effects);
}

/** What the next height begins with. */
export function nextContext(context: HeightContext, block: Block, hash: Bytes, certificate: Certificate, outcome: ExecutionOutcome): HeightContext {
  return {
    height: context.height + 1n,
    prevHash: hash,
    prevTimeMs: block.header.timeMs,
    prevCommit: certificate,
    prevValidators: context.validators,
    validators: outcome.nextValidators,
    params: outcome.params,
    emptyBlocks: block.transactions.length > 0 ? 0 : context.emptyBlocks + 1,
    accused: accusedAfter(context.accused, block),
  };
}
