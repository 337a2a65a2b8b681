import { equalBytes, type Bytes } from '../encoding/index.js';
import type { Block } from '../formats/block.js';
import { verifyCertificate, type Certificate } from '../formats/certificate.js';
import { blockHash } from '../formats/header.js';
import { isQuorum } from '../formats/quorum.js';
import type { Effect } from './effect.js';
import type { ExecutionOutcome } from './input.js';
import { beginHeight } from './pace.js';
import { headerFits } from './proposals.js';
import { freshHeight, type HeightContext, type State } from './state.js';
import { keyOf } from './votes.js';

/** Rule 7: a quorum of precommits for one block, in any round. */
export function tryDecide(state: State, effects: Effect[]): boolean {
  const { validators, height } = state.context;
  for (const { precommits } of state.rounds.values()) {
    const key = precommits.find((power) => isQuorum(state.config.faultModel, power, validators.total));
    if (key === undefined || key === 'nil') continue;
    const hash = precommits.all().find((vote) => keyOf(vote.blockHash) === key)?.blockHash ?? null;
    const known = state.blocks.get(key);
    if (known?.status === 'executing' || hash === null) return false;
    if (known === undefined) {
      if (!state.syncRequested) effects.push({ type: 'requestSync', height });
      state.syncRequested = true;
      return false;
    }
    if (known.status === 'invalid' || known.outcome === null) return halt(state, effects, `a quorum decided block ${key} at height ${height}, and it is invalid here`);
    return decide(state, effects, known.block, precommits.certificate(height, hash), known.outcome);
  }
  return false;
}

/** A decided block of a peer. Ignored unless its certificate holds; then it must do here what it says. */
export function decideSynced(state: State, effects: Effect[], block: Block, certificate: Certificate, outcome: ExecutionOutcome): boolean {
  const { validators, height } = state.context;
  const hash = blockHash(block.header);
  if (block.header.height !== height || certificate.kind !== 'precommit' || certificate.height !== height) return false;
  if (certificate.blockHash === null || !equalBytes(certificate.blockHash, hash)) return false;
  if (!verifyCertificate(certificate, validators, state.config.faultModel, state.config.genesisHash, state.config.verify).ok) return false;
  if (!headerFits(state, block) || !outcomeFits(block, outcome)) return halt(state, effects, `the certified block ${keyOf(hash)} at height ${height} does something else here`);
  return decide(state, effects, block, certificate, outcome);
}

export function outcomeFits(block: Block, outcome: ExecutionOutcome): boolean {
  const { header } = block;
  return equalBytes(header.stateRoot, outcome.stateRoot) && equalBytes(header.receiptsRoot, outcome.receiptsRoot) && equalBytes(header.nextValidatorsHash, outcome.nextValidators.hash);
}

function halt(state: State, effects: Effect[], reason: string): boolean {
  state.halted = true;
  effects.push({ type: 'halt', reason });
  return false;
}

/** Decides and leaves the height, in one transition: nothing can come between. */
function decide(state: State, effects: Effect[], block: Block, certificate: Certificate, outcome: ExecutionOutcome): boolean {
  effects.push({ type: 'decide', block, certificate, outcome });
  Object.assign(state, freshHeight(nextContext(state.context, block, blockHash(block.header), certificate, outcome)));
  beginHeight(state, effects);
  return true;
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
  };
}
