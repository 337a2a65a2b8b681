import type { Mutant } from './mutant.js';
import { plant } from './plant.js';

export interface Catch {
  mutant: string;
  /** Runs until it was caught; null where it was not. */
  runs: number | null;
  seed: number | null;
  /** The invariant that failed, and how. */
  failure: string | null;
  seconds: number;
}

/** Runs seed after seed with one bug planted, until an invariant fails. */
export async function hunt(mutant: Mutant, fromSeed: number, maxRuns: number): Promise<Catch> {
  const { simulate } = await plant(mutant);
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1000;
  for (let runs = 1; runs <= maxRuns; runs++) {
    const seed = fromSeed + runs - 1;
    const { failure } = simulate(seed, { broken: mutant.broken });
    if (failure !== null) return { mutant: mutant.name, runs, seed, failure, seconds: seconds() };
  }
  return { mutant: mutant.name, runs: null, seed: null, failure: null, seconds: seconds() };
}
