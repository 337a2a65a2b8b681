import { FAILED_SEEDS } from './failed-seeds.js';
import { brokenPlanOf, LIES, MISFORTUNES, planOf, simulate } from './index.js';

describe('the simulator', () => {
  it.each(FAILED_SEEDS)('seed $seed, which failed once: $was', ({ seed, broken }) => expect(simulate(seed, { broken }).failure).toBeNull());

  it('gives the same trace for the same seed, and another for another', () => {
    const hashes = [7, 7, 8].map((seed) => simulate(seed, { hashed: true }).traceHash);
    expect(hashes[0]).toMatch(/^[0-9a-f]{16}$/);
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[0]).not.toBe(hashes[2]);
  });

  it('does the same whether or not somebody watches', () => {
    const lines: string[] = [];
    const watched = simulate(11, { onTrace: (line) => lines.push(line) });
    const alone = simulate(11);
    expect(lines.length).toBeGreaterThan(100);
    expect([watched.events, watched.virtualMs, watched.heights]).toEqual([alone.events, alone.virtualMs, alone.heights]);
  });

  it.each([1, 2, 3, 4, 7, 16])('runs %d nodes for about 20 heights', (nodes) => {
    const { failure, heights } = simulate(2, { nodes });
    expect(failure).toBeNull();
    expect(heights).toBeGreaterThanOrEqual(18);
  });

  it.each([0, 1, 2])('runs seven nodes with %d faulty', (byzantine) => {
    const { failure, plan } = simulate(3, { nodes: 7, byzantine });
    expect(failure).toBeNull();
    expect(plan.liars.size).toBeLessThanOrEqual(byzantine);
  });
});

describe('deaths before effects', () => {
  // The release bar is 100,000 of them: npm run sim -- --crashes.
  it('strike before effects of every kind that honest machines have, and no invariant breaks', () => {
    const results = Array.from({ length: 12 }, (_, seed) => simulate(seed, { crashes: true }));
    expect(results.flatMap(({ seed, failure }) => (failure === null ? [] : [`seed ${seed}: ${failure}`]))).toEqual([]);
    const before = new Map<string, number>();
    for (const { crashes } of results) for (const [effect, count] of crashes) before.set(effect, (before.get(effect) ?? 0) + count);
    for (const effect of ['sign', 'broadcast', 'setTimer', 'build', 'execute', 'decide']) expect([effect, before.get(effect) ?? 0]).not.toEqual([effect, 0]);
  });
});

describe('where a third of the power or more lies', () => {
  it('honest nodes halt over what they see, and over nothing else (rule 17)', () => {
    const results = Array.from({ length: 30 }, (_, seed) => simulate(seed, { broken: true }));
    expect(results.flatMap(({ seed, failure }) => (failure === null ? [] : [`seed ${seed}: ${failure}`]))).toEqual([]);
    expect(results.filter(({ halted }) => halted > 0).length).toBeGreaterThanOrEqual(5);
    expect(results.filter(({ halted }) => halted === 0).length).toBeGreaterThanOrEqual(5);
  });

  it('there are two honest nodes at least, and two camps', () => {
    for (let seed = 0; seed < 500; seed++) {
      const { liars, powers, camps, nodes } = brokenPlanOf(seed);
      const [faulty, total] = [[...liars.keys()], powers.map((_, node) => node)].map((some) => some.reduce((sum, node) => sum + (powers[node] ?? 0n), 0n)) as [bigint, bigint];
      expect([3n * faulty >= total, nodes - liars.size >= 2, new Set(camps).size]).toEqual([true, true, 2]);
    }
  });
});

describe('plans', () => {
  const plans = Array.from({ length: 2000 }, (_, seed) => planOf(seed));

  it('have faulty validators only below a third of the power, and only under BFT', () => {
    for (const { liars, powers, faultModel } of plans) {
      const total = powers.reduce((sum, power) => sum + power, 0n);
      const faulty = [...liars.keys()].reduce((sum, node) => sum + (powers[node] ?? 0n), 0n);
      expect(liars.size === 0 || (faultModel === 'BFT' && 3n * faulty < total)).toBe(true);
    }
  });

  it('hold every lie, every misfortune, both fault models and growth from one', () => {
    const lies = new Set(plans.flatMap(({ liars }) => [...liars.values()].flat()));
    const misfortunes = new Set(plans.map(({ unlucky }) => unlucky?.misfortune));
    expect(LIES.filter((lie) => !lies.has(lie))).toEqual([]);
    expect(MISFORTUNES.filter((misfortune) => !misfortunes.has(misfortune))).toEqual([]);
    expect(plans.some(({ faultModel }) => faultModel === 'CFT')).toBe(true);
    expect(plans.some(({ membership, powers }) => membership && powers.length > 3 && powers.filter((power) => power > 0n).length === 1)).toBe(true);
  });
});
