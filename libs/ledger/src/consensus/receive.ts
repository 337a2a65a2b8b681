import type { Certificate } from '../formats/certificate.js';
import { makeEvidence } from '../formats/evidence.js';
import { voteSignBytes, type Vote } from '../formats/vote.js';
import type { Effect } from './effect.js';
import { roundState, type State } from './state.js';
import { keyOf } from './votes.js';

/** Rounds beyond the current one of which every vote is kept; of later ones only each validator's latest. */
const ROUNDS_AHEAD = 4;

/** A vote from the network. False where it is not of this height, unsigned, or known. */
export function receiveVote(state: State, effects: Effect[], vote: Vote): boolean {
  if (vote.height !== state.context.height) return false;
  const validator = state.context.validators.at(vote.validator);
  if (validator === undefined) return false;
  const far = vote.round > state.round + ROUNDS_AHEAD;
  const known = far ? state.farVotes.get(vote.validator) : knownVote(state, vote);
  if (known !== undefined && (far ? known.round >= vote.round : keyOf(known.blockHash) === keyOf(vote.blockHash))) return false;
  const signBytes = voteSignBytes(state.config.genesisHash, vote);
  if (!state.config.verify(validator.publicKey, signBytes, vote.signature)) return false;
  if (far) {
    state.farVotes.set(vote.validator, vote);
    return true;
  }
  if (known !== undefined) {
    const first = voteSignBytes(state.config.genesisHash, known);
    effects.push({ type: 'reportEvidence', evidence: makeEvidence(validator.publicKey, { signBytes: first, signature: known.signature }, { signBytes, signature: vote.signature }) });
    return false;
  }
  addVote(state, vote);
  return true;
}

function knownVote(state: State, vote: Vote): Vote | undefined {
  const round = state.rounds.get(vote.round);
  return (vote.kind === 'prevote' ? round?.prevotes : round?.precommits)?.get(vote.validator);
}

function addVote(state: State, vote: Vote): void {
  const round = roundState(state, vote.round);
  (vote.kind === 'prevote' ? round.prevotes : round.precommits).add(vote);
}

/** Counts every signature of a certificate as a vote; each is checked. */
export function receiveCertificate(state: State, effects: Effect[], certificate: Certificate): boolean {
  let news = false;
  for (const vote of votesOf(certificate)) news = receiveVote(state, effects, vote) || news;
  return news;
}

/** As {@link receiveCertificate}, for one whose signatures have been checked. */
export function addCertificate(state: State, certificate: Certificate): void {
  for (const vote of votesOf(certificate)) if (knownVote(state, vote) === undefined) addVote(state, vote);
}

export function votesOf(certificate: Certificate): Vote[] {
  const { kind, height, round, blockHash } = certificate;
  return certificate.signatures.map(({ validator, signature }) => ({ kind, height, round, blockHash, validator, signature }));
}

/** After a round was entered: votes that were too far ahead and are not any more take their place. */
export function adoptFarVotes(state: State): void {
  for (const [validator, vote] of state.farVotes) {
    if (vote.round > state.round + ROUNDS_AHEAD) continue;
    state.farVotes.delete(validator);
    if (vote.round >= state.round && knownVote(state, vote) === undefined) addVote(state, vote);
  }
}
