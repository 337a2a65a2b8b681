import { MUTANTS } from './catalog.js';
import { hunt } from './hunt.js';
import { mutate, plant } from './plant.js';

/** Quick ones, of different parts; `npm run sim:mutants` hunts all. */
const HUNTED = MUTANTS.filter(({ nearSeed }) => nearSeed !== undefined);
const MAX_RUNS = 150;

describe('planted bugs', () => {
  it('are at least 25, each with a name of its own', () => {
    expect(MUTANTS.length).toBeGreaterThanOrEqual(25);
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  });

  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))('%s: can still be planted', (_, mutant) => {
    expect(mutate(mutant)).not.toBe(mutant.find);
  });

  it('are what makes a run fail: the sources as they are, built the same way, do not', async () => {
    const { simulate } = await plant(null);
    for (let seed = 1; seed <= 20; seed++) expect(simulate(seed).failure).toBeNull();
  });

  it.each(HUNTED.map((mutant) => [mutant.name, mutant] as const))('%s: is caught', async (_, mutant) => {
    const caught = await hunt(mutant, mutant.nearSeed ?? 1, MAX_RUNS);
    expect(caught.failure).not.toBeNull();
  });
});
