/** Bounds of what one height keeps, whatever peers send. */

/** Rounds behind the current one that are kept: precommits of any round may still decide. */
export const ROUNDS_BEHIND = 32;
/** Rounds beyond the current one of which all is kept; of later ones only each validator's latest vote. */
export const ROUNDS_AHEAD = 4;
/** No honest validator gets here: at the least timeout this is decades of rounds. */
export const MAX_ROUND = 0x7fff_ffff;
/** Undecided blocks kept at once; a proposer proposes one a round. */
export const MAX_BLOCKS = 16;
/** Equivocations that wait for a block, in all and of one validator: one is enough to convict it. */
export const MAX_EVIDENCE_WAITING = 64;
export const MAX_EVIDENCE_OF_VALIDATOR = 4;
export const MAX_EVIDENCE_PER_BLOCK = 16;
/** An equivocation of height e may stand in the blocks of heights e … e + this. What they held is remembered as long. */
export const MAX_EVIDENCE_AGE_HEIGHTS = 8192n;
/** A new proposal whose time is further ahead of the local clock is not prevoted. */
export const MAX_CLOCK_AHEAD_MS = 10_000n;
/** Beyond so many rounds a timeout grows no more. */
export const MAX_GROWTH_ROUNDS = 60;

/** Whether messages of a round are kept when the current one is `current`. */
export function inWindow(round: number, current: number): boolean {
  return round >= current - ROUNDS_BEHIND && round <= current + ROUNDS_AHEAD;
}
