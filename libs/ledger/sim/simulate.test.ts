import { planOf, simulate } from './index.js';

/** Seeds that failed once, with what was wrong then. */
const REGRESSIONS: readonly [number, string][] = [
  [116, 'the entry proof was lost when all crashed: nodes of less than a third were ahead, and nobody could follow'],
  [318, 'the same, of four nodes with one faulty'],
];

const FROM_SEED = Number(process.env['SIM_SEED'] ?? '1');
const RUNS = 100;

describe('the simulator', () => {
  it(`holds every invariant for ${RUNS} seeds from ${FROM_SEED} (SIM_SEED sets the first)`, () => {
    const failures: string[] = [];
    for (let seed = FROM_SEED; seed < FROM_SEED + RUNS; seed++) {
      const { failure } = simulate(seed);
      if (failure !== null) failures.push(`seed ${seed}: ${failure}`);
    }
    expect(failures).toEqual([]);
  }, 60_000);

  it.each(REGRESSIONS)('seed %d: %s', (seed) => expect(simulate(seed).failure).toBeNull());

  it('gives the same trace for the same seed, and another for another', () => {
    const hashes = [7, 7, 8].map((seed) => simulate(seed).traceHash);
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[0]).not.toBe(hashes[2]);
  });

  it.each([1, 2, 3, 4, 7, 16])('runs %d nodes', (nodes) => {
    const { failure, heights } = simulate(2, { nodes });
    expect(failure).toBeNull();
    expect(heights).toBeGreaterThan(0);
  });

  it('draws faulty validators only below a third of the power, and only under BFT', () => {
    for (let seed = 0; seed < 500; seed++) {
      const { liars, powers, faultModel } = planOf(seed);
      const total = powers.reduce((sum, power) => sum + power, 0n);
      const faulty = [...liars.keys()].reduce((sum, node) => sum + (powers[node] ?? 0n), 0n);
      expect(liars.size === 0 || (faultModel === 'BFT' && 3n * faulty < total)).toBe(true);
    }
  });
});
