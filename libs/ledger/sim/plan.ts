import { DEFAULT_PARAMS, type FaultModel, type Params } from '../src/index.js';
import { MAX_NODES } from './keys.js';
import { Prng } from './prng.js';

export const LIES = ['split', 'silent', 'amnesia', 'forgedPolka', 'invalidBlock', 'flood', 'falseSync', 'foreign', 'frame'] as const;
/** What a faulty validator does. */
export type Lie = (typeof LIES)[number];

export type PacketKind = 'proposal' | 'prevote' | 'precommit' | 'certificate' | 'skipProof' | 'shell';
const NO_DROPS: Record<PacketKind, number> = { proposal: 0, prevote: 0, precommit: 0, certificate: 0, skipProof: 0, shell: 0 };

/** Everything about a run that follows from its seed before it begins. Times in virtual milliseconds; rates are probabilities. */
export interface Plan {
  seed: number;
  nodes: number;
  faultModel: FaultModel;
  /** Power of each node at genesis; 0 for one that only follows. */
  powers: bigint[];
  /** Faulty validators, with less than a third of the power; only under BFT. */
  liars: Map<number, readonly Lie[]>;
  params: Params;
  /** From here on everything works. */
  healAtMs: number;
  dropRate: number;
  /** More of one kind of message is lost: so that some nodes lock, and nobody decides. */
  dropRates: Readonly<Record<PacketKind, number>>;
  /** How often the first node that decides a height is cut off at once: what it knows must not be needed, nor forgotten. */
  isolateRate: number;
  /** Whether now and then one node gets hardly any prevotes, so that it does not see what others lock. */
  deafness: boolean;
  duplicateRate: number;
  maxDelayMs: number;
  /** For each effect that is carried out. */
  crashRate: number;
  /** Time between two greater disturbances: partition, pause, clock jump, loss of a site, of all. */
  disturbanceMs: number;
  maxDiskMs: number;
  maxWorkMs: number;
  /** Whether a restart may find its log damaged. */
  damage: boolean;
  /** Whether transactions change the validators. */
  membership: boolean;
  transactionMs: number;
}

const SIZES = [4, 4, 4, 4, 4, 4, 3, 3, 1, 2, 5, 5, 6, 7, 7, 10, MAX_NODES];

export function planOf(seed: number, fixedNodes?: number): Plan {
  const random = new Prng(seed, 1);
  const drawn = random.pick(SIZES);
  const nodes = fixedNodes ?? drawn;
  const faultModel = random.chance(0.3) ? 'CFT' : 'BFT';
  const powers = Array.from({ length: nodes }, () => 1n);
  if (random.chance(0.25)) for (let i = 0; i < nodes; i++) powers[i] = BigInt(random.between(1, 5));
  const withObserver = nodes > 3 && random.chance(0.15);
  if (withObserver) powers[nodes - 1] = 0n;
  const liars = faultModel === 'BFT' && random.chance(0.5) ? drawLiars(random, powers) : new Map<number, Lie[]>();
  const calm = random.chance(0.1);
  const lossy = random.chance(0.6);
  const lockWar = !calm && random.chance(0.4);
  return {
    seed, nodes, faultModel, powers, liars,
    params: {
      ...DEFAULT_PARAMS, minBlockIntervalMs: random.pick([0, 20, 100]), heartbeatIntervalMs: 1500, trailingBlocks: random.below(4), trailingIntervalMs: 150,
      proposeTimeoutMs: random.pick(lockWar ? [60, 150] : [150, 300, 600]), prevoteTimeoutMs: random.pick(lockWar ? [20, 60] : [60, 200]),
      precommitTimeoutMs: random.pick(lockWar ? [20, 60] : [60, 200]), timeoutDeltaMs: random.pick(lockWar ? [5, 30] : [30, 100]),
    },
    healAtMs: calm ? 0 : random.between(2000, 9000),
    dropRate: lossy ? random.pick([0.02, 0.1, 0.3, 0.5]) : 0,
    dropRates: lockWar ? {
      proposal: random.pick([0, 0.2]), prevote: random.pick([0.2, 0.4, 0.6]), precommit: random.pick([0.3, 0.6, 0.8]), certificate: random.pick([0.5, 0.9]),
      skipProof: random.pick([0, 0.5]), shell: random.pick([0, 0.5]),
    } : NO_DROPS,
    isolateRate: calm ? 0 : random.pick([0, 0.1, 0.5]),
    deafness: !calm && random.chance(0.5),
    duplicateRate: random.pick([0, 0.05, 0.3]),
    maxDelayMs: random.pick([5, 30, 150, 800]),
    crashRate: random.pick([0, 0.0005, 0.002, 0.01]),
    disturbanceMs: random.pick([300, 1000, 3000]),
    maxDiskMs: random.pick([1, 5, 40]),
    maxWorkMs: random.pick([2, 20, 60]),
    damage: liars.size === 0 && random.chance(0.3),
    membership: liars.size === 0 && nodes > 1 && random.chance(0.3),
    transactionMs: random.pick([100, 400, 1500]),
  };
}

function drawLiars(random: Prng, powers: readonly bigint[]): Map<number, Lie[]> {
  const liars = new Map<number, Lie[]>();
  const total = powers.reduce((sum, power) => sum + power, 0n);
  let power = 0n;
  for (let tries = 0; tries < 2 * powers.length; tries++) {
    const node = random.below(powers.length);
    const own = powers[node] ?? 0n;
    if (own === 0n || liars.has(node) || 3n * (power + own) >= total) continue;
    power += own;
    liars.set(node, LIES.filter(() => random.chance(0.35)));
  }
  return liars;
}
