import { compareBytes, equalBytes, ZERO_HASH, type Bytes } from '../encoding/index.js';
import { evidenceRoot, transactionsRoot, type Block } from '../formats/block.js';
import { certificateHash, verifyCertificate } from '../formats/certificate.js';
import { makeEvidence, verifyEvidence } from '../formats/evidence.js';
import { blockHash } from '../formats/header.js';
import { paramsHash } from '../formats/params.js';
import { proposalSignBytes, type Proposal } from '../formats/proposal.js';
import type { Effect } from './effect.js';
import { proposerIndex } from './proposer.js';
import { addCertificate } from './receive.js';
import { roundState, type State } from './state.js';
import { keyOf } from './votes.js';

/** A new proposal whose time is further ahead of the local clock is not prevoted. */
export const MAX_CLOCK_AHEAD_MS = 10_000n;
/** Undecided blocks kept at once; a validator proposes one a round, so an honest height needs few. */
const MAX_BLOCKS = 16;

/** A proposal from the network, or from this node. Ignored unless it is the round's proposer's, signed, and well-formed. */
export function receiveProposal(state: State, effects: Effect[], proposal: Proposal, nowMs: bigint): boolean {
  const { context, config } = state;
  if (proposal.height !== context.height || proposal.round < state.round || proposal.polRound >= proposal.round) return false;
  const proposer = context.validators.at(proposal.proposer);
  if (proposer === undefined || proposerIndex(context.validators, context.height, proposal.round) !== proposal.proposer) return false;
  const round = roundState(state, proposal.round);
  if (round.proposal !== null) return reportSecond(state, effects, round.proposal, proposal, proposer.publicKey);
  if (!equalBytes(blockHash(proposal.block.header), proposal.blockHash)) return false;
  if (!config.verify(proposer.publicKey, proposalSignBytes(config.genesisHash, proposal), proposal.signature)) return false;
  if (!polkaHolds(state, proposal)) return false;
  round.proposal = proposal;
  const fresh = proposal.polRound === -1;
  if (fresh && proposal.block.header.timeMs > nowMs + MAX_CLOCK_AHEAD_MS) round.proposal = { ...proposal, blockHash: ZERO_HASH };
  else takeBlock(state, effects, proposal.block, proposal.blockHash);
  return true;
}

/** Rule 3: a re-proposal carries the polka of its polRound, or is none. */
function polkaHolds(state: State, proposal: Proposal): boolean {
  if (proposal.polRound === -1) return true;
  const { polka } = proposal;
  if (polka === null || polka.kind !== 'prevote' || polka.height !== proposal.height || polka.round !== proposal.polRound) return false;
  if (polka.blockHash === null || !equalBytes(polka.blockHash, proposal.blockHash)) return false;
  const { validators } = state.context;
  if (!verifyCertificate(polka, validators, state.config.faultModel, state.config.genesisHash, state.config.verify).ok) return false;
  addCertificate(state, polka);
  return true;
}

function reportSecond(state: State, effects: Effect[], first: Proposal, second: Proposal, publicKey: Bytes): boolean {
  const { genesisHash, verify } = state.config;
  const a = proposalSignBytes(genesisHash, first);
  const b = proposalSignBytes(genesisHash, second);
  if (first.blockHash !== ZERO_HASH && compareBytes(a, b) !== 0 && verify(publicKey, b, second.signature)) {
    effects.push({ type: 'reportEvidence', evidence: makeEvidence(publicKey, { signBytes: a, signature: first.signature }, { signBytes: b, signature: second.signature }) });
  }
  return false;
}

/** Keeps a block and has it executed, unless its form already shows that it cannot be valid. */
export function takeBlock(state: State, effects: Effect[], block: Block, hash: Bytes): void {
  const key = keyOf(hash);
  if (state.blocks.has(key)) return;
  if (state.blocks.size >= MAX_BLOCKS) forgetOneBlock(state);
  const valid = headerFits(state, block);
  state.blocks.set(key, { block, status: valid ? 'executing' : 'invalid', outcome: null });
  if (valid) effects.push({ type: 'execute', height: state.context.height, blockHash: hash, block });
}

function forgetOneBlock(state: State): void {
  const kept = new Set([keyOf(state.lockedHash), keyOf(state.validHash), keyOf(state.rounds.get(state.round)?.proposal?.blockHash ?? null)]);
  for (const key of state.blocks.keys()) {
    if (kept.has(key)) continue;
    state.blocks.delete(key);
    return;
  }
}

/** All of a block that can be checked without executing it. */
export function headerFits(state: State, block: Block): boolean {
  const { context, config } = state;
  const { header } = block;
  const commitFits =
    context.prevCommit === null
      ? block.lastCommit === null && equalBytes(header.prevCommitHash, ZERO_HASH)
      : block.lastCommit !== null && equalBytes(header.prevCommitHash, certificateHash(block.lastCommit)) && lastCommitHolds(state, block);
  return (
    equalBytes(header.genesisHash, config.genesisHash) &&
    header.height === context.height &&
    equalBytes(header.prevHash, context.prevHash) &&
    header.timeMs > context.prevTimeMs &&
    context.validators.indexOf(header.proposer) >= 0 &&
    equalBytes(header.validatorsHash, context.validators.hash) &&
    equalBytes(header.paramsHash, paramsHash(context.params)) &&
    header.txCount === block.transactions.length &&
    equalBytes(header.txRoot, transactionsRoot(block.transactions)) &&
    block.evidence.every((evidence) => verifyEvidence(evidence, config.genesisHash, config.verify).ok) &&
    equalBytes(header.evidenceRoot, evidenceRoot(block.evidence)) &&
    commitFits
  );
}

function lastCommitHolds(state: State, block: Block): boolean {
  const { context, config } = state;
  const certificate = block.lastCommit;
  if (certificate === null || context.prevCommit === null || context.prevValidators === null) return false;
  if (certificate.kind !== 'precommit' || certificate.height !== context.height - 1n) return false;
  if (certificate.blockHash === null || !equalBytes(certificate.blockHash, context.prevHash)) return false;
  if (equalBytes(certificateHash(certificate), certificateHash(context.prevCommit))) return true;
  return verifyCertificate(certificate, context.prevValidators, config.faultModel, config.genesisHash, config.verify).ok;
}
