/** What must hold in every run. */
export const INVARIANTS = {
  agreement: 'no two honest nodes decide different blocks at a height',
  validity: 'what is decided is a block that follows from the chain below, with a commit that anybody can check',
  equivocation: 'no honest key ever signs two messages in one place',
  persistence: 'nothing signed is sent before it is durable',
  durability: 'nothing that was decided is ever lost',
  replay: 'the chain executed anew, and the machine fed anew, give the same',
  framing: 'nobody honest is accused, and no accusation is without proof',
  acknowledged: 'what was acknowledged is in the chain once, unless more validators failed than may',
  lightClient: 'who has genesis and certificates only accepts the chain and nothing else',
  liveness: 'within 10 rounds after everything works, every honest node decides',
  bounds: 'memory is bounded, whatever faulty peers send',
  running: 'no honest node halts or throws',
  halting: 'who sees that safety is lost, as a third of the power or more lies (--broken), halts with the proof, and nobody halts without one',
  watchOnly: 'who lost its memory of a height signs nothing in it',
} as const;
export type Invariant = keyof typeof INVARIANTS;

/** An invariant does not hold. */
export class SimFailure extends Error {
  constructor(readonly invariant: Invariant, detail: string) {
    super(`${invariant}: ${detail}`);
  }
}
