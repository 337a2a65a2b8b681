import { equalBytes, proposerIndex, toHex, type Bytes, type TimerId, type ValidatorSet } from '#ledger';

/** For a link that is coming up again, and a proposal that is just on its way. */
const ABSENT_PROPOSER_MS = 100;

/**
 * How long to wait in a round (docs/spec/consensus.md, rule 9). A proposal comes from its proposer alone, so without a link to it
 * waiting gains nothing. Only in the first rounds, as many as there are validators: after that every delay is the full one, and grows, as
 * the proof of liveness needs it.
 * @param delayMs what the machine asks for.
 */
export function roundDelayMs(timer: TimerId, delayMs: number, validators: ValidatorSet, self: Bytes | null, isUp: (keyHex: string) => boolean): number {
  const ofRound = timer.kind === 'propose' || timer.kind === 'prevote' || timer.kind === 'precommit';
  if (!ofRound || timer.round >= validators.size) return delayMs;
  const proposer = validators.at(proposerIndex(validators, timer.height, timer.round))?.publicKey;
  if (proposer === undefined || (self !== null && equalBytes(proposer, self)) || isUp(toHex(proposer))) return delayMs;
  return Math.min(delayMs, ABSENT_PROPOSER_MS);
}
