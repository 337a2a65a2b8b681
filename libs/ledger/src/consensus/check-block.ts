import { equalBytes } from '../encoding/index.js';
import { checkBlockBody, type Block } from '../formats/block.js';
import { certificateHash, verifyCertificate, type Certificate } from '../formats/certificate.js';
import { blockHash } from '../formats/header.js';
import { paramsFault, paramsHash } from '../formats/params.js';
import { checkValidatorChange } from '../formats/validator-limits.js';
import type { Bytes } from '../encoding/index.js';
import { evidenceHolds } from './equivocation.js';
import type { ExecutionOutcome } from './input.js';
import type { State } from './state.js';

/**
 * Whether these are the header and the body that a hash names. A body that its header contradicts is somebody's forgery,
 * not an invalid block: the true body of the same hash may still come, so nothing is remembered of it.
 */
export function isBlockOf(block: Block, hash: Bytes): boolean {
  return equalBytes(blockHash(block.header), hash) && checkBlockBody(block) === null;
}

/** Whether a body is no larger than this chain's may be: one that is, is not even kept. */
export function isWithinSize({ context }: State, { transactions }: Block): boolean {
  return transactions.reduce((sum, raw) => sum + raw.length, 0) <= context.params.maxBlockBytes;
}

/** All of a block's validity that can be checked without executing it. Follows from its hash alone and from the chain below. */
export function headerFits(state: State, block: Block): boolean {
  const { context, config } = state;
  const { header } = block;
  return (
    equalBytes(header.genesisHash, config.genesisHash) &&
    header.height === context.height &&
    equalBytes(header.prevHash, context.prevHash) &&
    header.timeMs > context.prevTimeMs &&
    context.validators.indexOf(header.proposer) >= 0 &&
    equalBytes(header.validatorsHash, context.validators.hash) &&
    equalBytes(header.paramsHash, paramsHash(context.params)) &&
    isWithinSize(state, block) &&
    lastCommitHolds(state, block.lastCommit) &&
    evidenceHolds(state, block)
  );
}

/** The certificate of the block below, by whichever quorum. */
function lastCommitHolds(state: State, certificate: Certificate | null): boolean {
  const { context, config } = state;
  const { prevCommit, prevValidators } = context;
  if (prevCommit === null || prevValidators === null) return certificate === null;
  if (certificate === null || certificate.kind !== 'precommit' || certificate.height !== context.height - 1n) return false;
  if (certificate.blockHash === null || !equalBytes(certificate.blockHash, context.prevHash)) return false;
  if (certificate === prevCommit || equalBytes(certificateHash(certificate), certificateHash(prevCommit))) return true;
  return verifyCertificate(certificate, prevValidators, config.faultModel, config.genesisHash, config.verify).ok;
}

/** Whether executing the block here gave what its header says, and the next height can begin with it. */
export function outcomeFits(state: State, block: Block, outcome: ExecutionOutcome): boolean {
  const { header } = block;
  const { context } = state;
  return (
    equalBytes(header.stateRoot, outcome.stateRoot) &&
    equalBytes(header.receiptsRoot, outcome.receiptsRoot) &&
    equalBytes(header.nextValidatorsHash, outcome.nextValidators.hash) &&
    checkValidatorChange(context.validators, outcome.nextValidators) === null &&
    (outcome.params === context.params || paramsFault(outcome.params) === null)
  );
}
