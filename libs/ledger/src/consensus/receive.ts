import { equalBytes } from '../encoding/index.js';
import { verifyCertificate, type Certificate, type Verify } from '../formats/certificate.js';
import { voteSignBytes, type Vote } from '../formats/vote.js';
import { inWindow, MAX_ROUND } from './bounds.js';
import { noteCommit } from './commit.js';
import type { Effect } from './effect.js';
import { reportEquivocation } from './equivocation.js';
import { roundState, type State } from './state.js';
import { keyOf } from './votes.js';

/** A vote from the network. False where it is not of this height, unsigned, known, or of a round that is not kept. */
export function receiveVote(state: State, effects: Effect[], vote: Vote): boolean {
  if (vote.height !== state.context.height || vote.round > MAX_ROUND) return false;
  const validator = state.context.validators.at(vote.validator);
  if (validator === undefined) return false;
  const near = inWindow(vote.round, state.round);
  if (!near && vote.round <= (state.ahead.get(vote.validator)?.round ?? state.round)) return false;
  const known = near ? knownVote(state, vote) : undefined;
  if (known !== undefined && sameHash(known, vote)) return false;
  const { genesisHash, verify } = state.config;
  const signBytes = voteSignBytes(genesisHash, vote);
  if (!verify(validator.publicKey, signBytes, vote.signature)) return false;
  if (known !== undefined) {
    const first = { signBytes: voteSignBytes(genesisHash, known), signature: known.signature };
    reportEquivocation(state, effects, validator.publicKey, first, { signBytes, signature: vote.signature });
    return false;
  }
  countVote(state, effects, vote);
  return true;
}

function sameHash(a: Vote, b: Vote): boolean {
  return a.blockHash === null || b.blockHash === null ? a.blockHash === b.blockHash : equalBytes(a.blockHash, b.blockHash);
}

function knownVote(state: State, vote: Vote): Vote | undefined {
  const round = state.rounds.get(vote.round);
  return (vote.kind === 'prevote' ? round?.prevotes : round?.precommits)?.get(vote.validator);
}

/** Counts a vote whose signature was checked, or this node's own. */
export function countVote(state: State, effects: Effect[], vote: Vote): void {
  if (vote.round > (state.ahead.get(vote.validator)?.round ?? state.round)) state.ahead.set(vote.validator, vote);
  if (!inWindow(vote.round, state.round)) return;
  const round = roundState(state, vote.round);
  const votes = vote.kind === 'prevote' ? round.prevotes : round.precommits;
  if (!votes.add(vote) || votes.quorum === null || votes.quorum.blockHash === null) return;
  if (vote.kind === 'precommit') noteCommit(state, effects, votes.certificate(vote.height, votes.quorum.blockHash));
  else round.polka ??= votes.certificate(vote.height, votes.quorum.blockHash);
}

/**
 * A certificate from the network. All of its signatures are checked, and it must hold a quorum. It counts whole, whatever
 * its signers told this node before: an equivocator cannot hide a polka or a decision by telling each node something else.
 */
export function receiveCertificate(state: State, effects: Effect[], certificate: Certificate): boolean {
  const { kind, height, round, blockHash } = certificate;
  if (height !== state.context.height || round > MAX_ROUND || blockHash === null) return false;
  const known = kind === 'precommit' ? state.commit : (state.rounds.get(round)?.polka ?? null);
  if (known !== null && known.blockHash !== null && equalBytes(known.blockHash, blockHash)) return false;
  if (!certificateHolds(state, certificate)) return false;
  addCertificate(state, effects, certificate);
  return true;
}

/** As {@link receiveCertificate}, for one that was checked. */
export function addCertificate(state: State, effects: Effect[], certificate: Certificate): void {
  const { kind, height, round, blockHash, signatures } = certificate;
  if (kind === 'precommit') noteCommit(state, effects, certificate);
  else if (inWindow(round, state.round)) roundState(state, round).polka ??= certificate;
  for (const { validator, signature } of signatures) {
    const vote = { kind, height, round, blockHash, validator, signature };
    if (knownVote(state, vote) === undefined) countVote(state, effects, vote);
  }
}

/** Whether every signature holds and they are a quorum. Signatures that came as votes are not checked twice. */
export function certificateHolds(state: State, certificate: Certificate): boolean {
  const { validators } = state.context;
  const { genesisHash, faultModel, verify } = state.config;
  const checkOnce: Verify = (publicKey, message, signature) => {
    const known = knownVote(state, { ...certificate, validator: validators.indexOf(publicKey), signature });
    if (known !== undefined && keyOf(known.blockHash) === keyOf(certificate.blockHash) && equalBytes(known.signature, signature)) return true;
    return verify(publicKey, message, signature);
  };
  return verifyCertificate(certificate, validators, faultModel, genesisHash, checkOnce).ok;
}

/** After a round was entered: nobody is ahead any more who is not, and latest votes that now fall into the window count. */
export function adoptAhead(state: State, effects: Effect[]): void {
  const votes = [...state.ahead.values()].sort((a, b) => a.validator - b.validator);
  for (const vote of votes) if (vote.round <= state.round) state.ahead.delete(vote.validator);
  for (const vote of votes) if (inWindow(vote.round, state.round) && knownVote(state, vote) === undefined) countVote(state, effects, vote);
}
