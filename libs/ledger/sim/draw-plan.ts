import { DEFAULT_PARAMS, isQuorum, type FaultModel, type Params } from '../src/index.js';
import { MAX_NODES } from './keys.js';
import { AMNESIAC, DISTURBANCES, LIES, MISFORTUNES, type Lie, type PacketKind, type Plan } from './plan.js';
import { Prng } from './prng.js';

/** What the user fixed; the rest follows from the seed. */
export interface PlanOptions {
  nodes?: number | undefined;
  /** Number of faulty validators, as far as they stay below a third of the power. */
  byzantine?: number | undefined;
  /** Whether processes die before effects all the time. All else is as the seed draws it. */
  crashes?: boolean | undefined;
}

/** Of effects in times of trouble: more, and hardly a height is decided between two deaths. */
const MANY_CRASHES = 0.05;
/** Mostly small, as most bugs show in four nodes, and sixteen cost as much as a dozen such runs. */
const SIZES = [...Array.from({ length: 24 }, () => 4), 3, 3, 3, 3, 3, 1, 1, 2, 2, 5, 5, 5, 5, 6, 6, 7, 7, 7, 8, 10, MAX_NODES];
const NO_DROPS: Record<PacketKind, number> = { proposal: 0, prevote: 0, precommit: 0, certificate: 0, skipProof: 0, evidence: 0, shell: 0 };
/** Which weather a run has: some schedules show only where one thing goes wrong all the time. */
const WEATHERS = ['calm', 'mixed', 'mixed', 'lockWar', 'lockWar', 'lockWar', 'directed', 'directed', 'directed', 'crashes', 'slow'] as const;
/** Against the rules of locks. */
const LOCK_LIES: readonly Lie[] = ['oldPolka', 'oldPolka', 'oldPolka', 'oldPolka', 'forgedPolka', 'amnesia', 'split', 'double', 'silent', 'badCertificate'];
type Weather = (typeof WEATHERS)[number];

export function planOf(seed: number, options: PlanOptions = {}): Plan {
  const random = new Prng(seed, 1);
  const weather = random.pick(WEATHERS);
  // Little goes wrong but what somebody planned.
  const scripted = weather === 'directed';
  const drawnNodes = random.pick(scripted ? [4, 4, 4, 4, 4, 4, 4, 4, 5, 6, 7] : SIZES);
  const nodes = options.nodes ?? drawnNodes;
  const drawnModel: FaultModel = random.chance(0.25) ? 'CFT' : 'BFT';
  const faultModel = options.byzantine === undefined ? drawnModel : 'BFT';
  const membership = nodes > 1 && !scripted && random.chance(0.25);
  const powers = scripted ? Array.from({ length: nodes }, () => 1n) : drawPowers(random, nodes, membership);
  const liars = drawLiars(random, faultModel, powers, weather, options.byzantine);
  // A plot against the locks: four nodes, one of which proposes old polkas, and nothing else goes wrong.
  const plot = scripted && faultModel === 'BFT' && nodes === 4 && options.byzantine === undefined && random.chance(0.6);
  if (plot) liars.clear();
  // Node 3 has its turn in round 2 of height 1, when the plot is ripe (director.ts).
  if (plot) liars.set(random.chance(0.5) ? 3 : random.below(nodes), ['oldPolka']);
  // Another plot: one node gets hardly any prevotes, and what takes it to the next round is the last precommit of one that dies.
  const stray = plot && random.chance(0.25);
  if (stray) {
    liars.clear();
    liars.set(random.below(nodes), ['dies']);
  }
  const unlucky = drawUnlucky(random, faultModel, powers, liars);
  const siteCount = random.pick([2, 3, 4]);
    const lossy = weather !== 'calm' && !scripted && random.chance(0.6);
  return {
    seed, nodes, faultModel, powers, liars, unlucky, membership,
    camps: null,
    params: drawParams(random, weather),
    troublesMs: weather === 'calm' ? [] : Array.from({ length: 3 }, () => random.between(scripted ? 3000 : 1500, 5000)),
    dropRate: lossy ? random.pick([0.02, 0.1, 0.3, 0.5]) : 0,
    dropRates: stray ? { ...NO_DROPS, proposal: 0.5 } : scripted ? { ...NO_DROPS, shell: 0.9 } : weather === 'lockWar' ? {
      proposal: random.pick([0, 0.2]), prevote: random.pick([0.2, 0.4, 0.6]), precommit: random.pick([0.3, 0.6, 0.8]), certificate: random.pick([0.5, 0.9]),
      skipProof: random.pick([0, 0.5]), evidence: random.pick([0, 0.9]), shell: random.pick([0, 0.5]),
    } : NO_DROPS,
    stray: stray ? random.pick([0, 1, 2, 3].filter((node) => !liars.has(node))) : -1,
    isolateRate: stray ? 0 : plot ? 1 : weather === 'calm' ? 0 : random.pick(scripted ? [0.6, 1] : [0, 0.1, 0.5]),
    deafness: weather !== 'calm' && !scripted && random.chance([...liars.values()].some((lies) => lies.includes('dies')) ? 0.8 : 0.5),
    directed: scripted && !stray,
    duplicateRate: random.pick([0, 0.05, 0.3]),
    maxDelayMs: random.pick(scripted ? [5, 15] : [5, 30, 150, 800]),
    healedDelayMs: weather === 'slow' ? [40, 70] : [1, 8],
    encoded: !scripted && random.chance([...liars.values()].some((lies) => lies.includes('nonCanonical')) ? 0.6 : 0.15),
    shuffled: random.chance(0.5),
    crashRate: drawnCrashRate(random, weather, plot, scripted, options.crashes === true),
    syncErrorRate: scripted ? 0 : random.pick([0, 0, 0.002, 0.01]),
    disturbanceMs: random.pick(scripted ? [1000, 3000] : [300, 1000, 3000]),
    disturbances: plot ? ['clock'] : weather === 'crashes' ? ['crash', 'crash', 'crashMany', 'crashMany', 'site', 'fullDisk', 'misfortune'] : DISTURBANCES,
    sites: Array.from({ length: nodes }, (_, node) => node % siteCount),
    maxDiskMs: random.pick(weather === 'slow' || scripted ? [1, 5] : [1, 5, 40]),
    maxWorkMs: random.pick(weather === 'slow' || scripted ? [2, 5] : [2, 20, 60]),
    transactionMs: scripted ? 100 : random.pick([100, 200, 600]),
    recorded: random.chance(0.1),
    unsorted: random.chance(0.25),
  };
}

/** Drawn even where it is fixed, so that what follows is the same. */
function drawnCrashRate(random: Prng, weather: Weather, plot: boolean, scripted: boolean, fixed: boolean): number {
  const drawn = random.pick(weather === 'crashes' ? [0.005, 0.02] : plot ? [0] : scripted ? [0, 0, 0.001] : [0, 0.0005, 0.002, 0.01]);
  return fixed ? MANY_CRASHES : drawn;
}

function drawParams(random: Prng, weather: Weather): Params {
  const pace = { minBlockIntervalMs: weather === 'directed' ? 0 : random.pick([0, 20, 100]), heartbeatIntervalMs: random.pick([500, 1500]), trailingBlocks: random.below(4), trailingIntervalMs: 150 };
  switch (weather) {
    case 'directed':
      return { ...DEFAULT_PARAMS, ...pace, proposeTimeoutMs: 150, prevoteTimeoutMs: 20, precommitTimeoutMs: 20, timeoutDeltaMs: random.pick([5, 10]) };
    case 'lockWar':
      return { ...DEFAULT_PARAMS, ...pace, proposeTimeoutMs: random.pick([60, 150]), prevoteTimeoutMs: random.pick([20, 60]), precommitTimeoutMs: random.pick([20, 60]), timeoutDeltaMs: random.pick([5, 30]) };
    case 'slow':
      // Shorter than the network's delays: without growing timeouts no round ever succeeds.
      return { ...DEFAULT_PARAMS, ...pace, proposeTimeoutMs: 20, prevoteTimeoutMs: 10, precommitTimeoutMs: 10, timeoutDeltaMs: random.pick([25, 40]) };
    default:
      return {
        ...DEFAULT_PARAMS, ...pace, proposeTimeoutMs: random.pick([150, 300, 600]), prevoteTimeoutMs: random.pick([60, 200]), precommitTimeoutMs: random.pick([60, 200]),
        timeoutDeltaMs: random.pick([30, 100]),
      };
  }
}

/** Equal, weighted, with an observer, or, where the validators change, one alone that is to grow. */
function drawPowers(random: Prng, nodes: number, membership: boolean): bigint[] {
  const powers = Array.from({ length: nodes }, () => 1n);
  if (membership && random.chance(0.3)) return powers.map((power, node) => (node === 0 ? power : 0n));
  if (random.chance(0.3)) for (let i = 0; i < nodes; i++) powers[i] = BigInt(random.between(1, 5));
  if (nodes > 3 && random.chance(0.15)) powers[nodes - 1] = 0n;
  return powers;
}

function drawLiars(random: Prng, faultModel: FaultModel, powers: readonly bigint[], weather: Weather, fixed: number | undefined): Map<number, Lie[]> {
  const liars = new Map<number, Lie[]>();
  const wanted = fixed ?? (random.chance(0.65) ? random.pick([1, 1, powers.length]) : 0);
  if (faultModel === 'CFT') return liars;
  const total = powers.reduce((sum, power) => sum + power, 0n);
  let power = 0n;
  for (let tries = 0; tries < 4 * powers.length && liars.size < wanted; tries++) {
    const node = random.below(powers.length);
    const own = powers[node] ?? 0n;
    if (own === 0n || liars.has(node) || 3n * (power + own) >= total) continue;
    power += own;
    const few = random.chance(0.5);
    const favourites = weather === 'directed' ? LOCK_LIES : weather === 'crashes' || random.chance(0.3) ? (['dies'] as const) : LIES;
    liars.set(node, few ? [random.pick(favourites), random.pick(favourites)] : LIES.filter(() => random.chance(0.35)));
  }
  return liars;
}

/** The rest must still be a quorum; and who may have forgotten counts as one who lies, so only where lies are borne. */
function drawUnlucky(random: Prng, faultModel: FaultModel, powers: readonly bigint[], liars: ReadonlyMap<number, unknown>): Plan['unlucky'] {
  const node = random.below(powers.length);
  const misfortune = random.pick(MISFORTUNES);
  if (!random.chance(0.4) || liars.has(node)) return null;
  const total = powers.reduce((sum, power) => sum + power, 0n);
  const sound = powers.reduce((sum, power, i) => (i === node || liars.has(i) ? sum : sum + power), 0n);
  if (!isQuorum(faultModel, sound, total) || (AMNESIAC.has(misfortune) && faultModel === 'CFT')) return null;
  return { node, misfortune };
}
