import { certificateHash, equalBytes, paramsHash, type Block, type FaultModel, type ValidatorSet } from '../src/index.js';
import { SIM_GENESIS_HASH, type SimChain } from './chain.js';
import { WEAK_KEYS } from './keys.js';
import { isChangeAllowed } from './membership.js';
import { commitFault } from './oracle.js';

const MAX_EVIDENCE_PER_BLOCK = 16;

/** Why a block does not follow on the head of a chain, or null; of its evidence only the number counts here. @param lower who voted on the head. */
export function blockFault(chain: SimChain, { header, lastCommit, transactions, evidence }: Block, set: ValidatorSet, lower: ValidatorSet | undefined, model: FaultModel): string | null {
  const context = chain.context();
  const outcome = chain.execute(transactions);
  return outcome === null ? 'a transaction that cannot be, or twice'
    : !equalBytes(outcome.stateRoot, header.stateRoot) ? 'another state root'
    : !equalBytes(outcome.receiptsRoot, header.receiptsRoot) ? 'another receipts root'
    : !equalBytes(paramsHash(context.params), header.paramsHash) ? 'other parameters'
    : !equalBytes(outcome.nextValidators.hash, header.nextValidatorsHash) ? 'other next validators'
    : !isChangeAllowed(set, outcome.nextValidators) ? 'more change of validators than one block may bring'
    : WEAK_KEYS.some((key) => outcome.nextValidators.indexOf(key) >= 0) ? 'a weak key among the validators'
    : !equalBytes(header.genesisHash, SIM_GENESIS_HASH) ? 'another chain'
    : !equalBytes(header.validatorsHash, set.hash) ? 'other validators'
    : set.indexOf(header.proposer) < 0 ? 'a proposer who is no validator'
    : !equalBytes(header.prevHash, context.prevHash) ? 'another parent'
    : header.timeMs <= context.prevTimeMs ? 'a time not after its parent'
    : header.txCount !== transactions.length ? 'another number of transactions'
    : evidence.length > MAX_EVIDENCE_PER_BLOCK ? 'too much evidence'
    : lower === undefined ? (lastCommit === null ? null : 'a commit below height 1')
    : lastCommit === null || !equalBytes(certificateHash(lastCommit), header.prevCommitHash) ? 'another commit of its parent'
    : commitFault(lastCommit, header.height - 1n, context.prevHash, lower, model);
}
