import { LIES, type Lie, type Plan } from './plan.js';
import { planOf, type PlanOptions } from './draw-plan.js';
import { Prng } from './prng.js';

const SIZES = [4, 4, 4, 5, 6, 7, 7, 9] as const;
/** The rest are enough to decide alone, sometimes. */
const GREEDY_RATE = 0.4;
const HONEST_AT_LEAST = 2;

/** A run in which a third of the power or more lies, so that safety may be lost. */
export function brokenPlanOf(seed: number, options: PlanOptions = {}): Plan {
  const random = new Prng(seed, 4);
  const nodes = Math.max(options.nodes ?? random.pick(SIZES), HONEST_AT_LEAST + 1);
  const plan = planOf(seed, { nodes, byzantine: 0 });
  const powers = Array.from({ length: nodes }, () => (random.chance(0.3) ? BigInt(random.between(1, 3)) : 1n));
  const total = powers.reduce((sum, power) => sum + power, 0n);
  const liars = new Map<number, readonly Lie[]>();
  const greedy = random.chance(GREEDY_RATE);
  let power = 0n;
  while (liars.size < nodes - HONEST_AT_LEAST && (3n * power < total || (greedy && random.chance(0.8)))) {
    const node = random.below(nodes);
    if (liars.has(node)) continue;
    liars.set(node, ['conspires', ...LIES.filter((lie) => lie !== 'dies' && random.chance(0.05))]);
    power += powers[node] ?? 0n;
  }
  // The weights are such that the liars are too few: equal ones are always enough.
  if (3n * power < total) powers.fill(1n);
  const first = random.below(2);
  const honest = Array.from({ length: nodes }, (_, node) => node).filter((node) => !liars.has(node));
  const camps = powers.map((_, node) => ((honest.indexOf(node) + first) % 2 === 0 ? 0 : 1) as 0 | 1);
  return { ...plan, nodes, powers, liars, unlucky: null, membership: false, camps };
}
