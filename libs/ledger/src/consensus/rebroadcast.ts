import type { Effect, Message } from './effect.js';
import { evidenceForBlock } from './equivocation.js';
import { latestVotes, selfIndex } from './sign.js';
import type { State } from './state.js';

/**
 * Rule 13, for links that lose messages: own latest votes, what let this node into its round, the newest polka, and a commit
 * whose block is missing here. The own proposal and evidence that waits go along (`whole`) only on the rebroadcast timer.
 */
export function rebroadcast(state: State, effects: Effect[], whole: boolean): void {
  if (state.step === 'newHeight') return;
  const send = (message: Message): void => void effects.push({ type: 'broadcast', message });
  const proposal = state.rounds.get(state.round)?.proposal;
  if (whole && proposal != null && proposal.proposer === selfIndex(state)) send({ type: 'proposal', proposal });
  for (const vote of latestVotes(state)) send({ type: 'vote', vote });
  if (state.entryProof.length > 0) send({ type: 'skipProof', votes: state.entryProof });
  if (state.polka !== null) send({ type: 'certificate', certificate: state.polka });
  if (whole) for (const evidence of evidenceForBlock(state)) send({ type: 'evidence', evidence });
  if (state.commit === null) return;
  send({ type: 'certificate', certificate: state.commit });
  requestMissing(state, effects);
}

/** A quorum decided and the block is not here: others have it, in their stores once they have decided. */
export function requestMissing(state: State, effects: Effect[]): void {
  effects.push({ type: 'requestSync', height: state.context.height });
}
