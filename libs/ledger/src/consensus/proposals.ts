import { equalBytes, type Bytes } from '../encoding/index.js';
import type { Block } from '../formats/block.js';
import { proposalSignBytes, type Proposal } from '../formats/proposal.js';
import { inWindow, MAX_BLOCKS, MAX_CLOCK_AHEAD_MS } from './bounds.js';
import { headerFits, isBlockOf, isWithinSize } from './check-block.js';
import type { Effect } from './effect.js';
import { repeatsEvidence, reportEquivocation } from './equivocation.js';
import { proposerIndex } from './proposer.js';
import { addCertificate, certificateHolds } from './receive.js';
import { roundState, type State } from './state.js';
import { keyOf } from './votes.js';

/** A proposal from the network. False unless it is its round's proposer's, signed, well-formed, and the first of its round. */
export function receiveProposal(state: State, effects: Effect[], proposal: Proposal, nowMs: bigint): boolean {
  const { context, config } = state;
  const { round, polRound, blockHash } = proposal;
  if (proposal.height !== context.height || polRound >= round || !inWindow(round, state.round)) return false;
  const proposer = context.validators.at(proposal.proposer);
  if (proposer === undefined || proposerIndex(context.validators, context.height, round) !== proposal.proposer) return false;
  const first = state.rounds.get(round)?.proposal ?? null;
  if (first !== null && first.polRound === polRound && equalBytes(first.blockHash, blockHash)) return false;
  const signBytes = proposalSignBytes(config.genesisHash, proposal);
  if (!config.verify(proposer.publicKey, signBytes, proposal.signature)) return false;
  if (first !== null) {
    reportEquivocation(state, effects, proposer.publicKey, { signBytes: proposalSignBytes(config.genesisHash, first), signature: first.signature }, { signBytes, signature: proposal.signature });
    return false;
  }
  if (!isWithinSize(state, proposal.block)) return false;
  if (!isBlockOf(proposal.block, blockHash) || !takePolka(state, effects, proposal)) return false;
  const kept = roundState(state, round);
  kept.proposal = proposal;
  kept.unwelcome = polRound === -1 && (proposal.block.header.timeMs > nowMs + MAX_CLOCK_AHEAD_MS || repeatsEvidence(state, proposal.block));
  takeBlock(state, effects, proposal.block, blockHash);
  return true;
}

/** Rule 3: a re-proposal carries the polka of its polRound, a new proposal none. */
function takePolka(state: State, effects: Effect[], proposal: Proposal): boolean {
  const { polka, polRound } = proposal;
  if (polRound === -1 || polka === null) return polRound === -1 && polka === null;
  if (polka.kind !== 'prevote' || polka.height !== proposal.height || polka.round !== polRound) return false;
  if (polka.blockHash === null || !equalBytes(polka.blockHash, proposal.blockHash) || !certificateHolds(state, polka)) return false;
  addCertificate(state, effects, polka);
  return true;
}

/** Keeps a block whose body is its header's, and has it executed unless its header already shows that it cannot be valid. */
export function takeBlock(state: State, effects: Effect[], block: Block, hash: Bytes): void {
  const key = keyOf(hash);
  if (state.blocks.has(key)) return;
  makeRoom(state);
  const fits = headerFits(state, block);
  state.blocks.set(key, { block, status: fits ? 'executing' : 'invalid', outcome: null });
  if (fits) effects.push({ type: 'execute', height: state.context.height, blockHash: hash, block });
}

/** Before a block is kept: the smallest key goes of those that nothing needs; which one, must not depend on the order in which they came. */
export function makeRoom(state: State): void {
  if (state.blocks.size < MAX_BLOCKS) return;
  const proposed = state.rounds.get(state.round)?.proposal?.blockHash ?? null;
  const needed = new Set([state.lockedHash, state.validHash, state.commit?.blockHash ?? null, proposed].map(keyOf));
  const spare = [...state.blocks.keys()].filter((key) => !needed.has(key)).sort();
  if (spare[0] !== undefined) state.blocks.delete(spare[0]);
}
