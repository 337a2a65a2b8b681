import type { Effect } from '../src/index.js';
import { BrokenRun } from './broken-run.js';
import { SimDisk } from './disk.js';
import { brokenPlanOf } from './draw-broken-plan.js';
import { planOf, type PlanOptions } from './draw-plan.js';
import { checkEnd } from './end.js';
import { SimFailure } from './invariant.js';
import { REAL_MACHINE, type Machine } from './machine.js';
import { SimNode } from './node.js';
import { heal, Phases } from './phases.js';
import type { Plan } from './plan.js';
import { Trace } from './trace.js';
import { World } from './world.js';

/** After everything works, a height may take so many rounds more. */
const ROUNDS_TO_DECIDE = 10;
const SYNC_MS = 4000;
const QUIET_MS = 30_000;
const HEIGHTS_MS = 60_000;
/** A run ends with at least so many heights. */
const HEIGHTS = 18n;

export interface SimResult {
  seed: number;
  /** Null where every invariant held. */
  failure: string | null;
  /** The same for the same seed, always; null where no trace was wanted. */
  traceHash: string | null;
  nodes: number;
  heights: number;
  /** Honest nodes that halted: none, unless too many lie. */
  halted: number;
  events: number;
  virtualMs: number;
  acknowledged: number;
  lapsed: number;
  /** Processes that died before an effect, by the effect. */
  crashes: ReadonlyMap<Effect['type'], number>;
  plan: Plan;
}

export interface SimOptions extends PlanOptions {
  machine?: Machine;
  /** Whether a third of the power or more lies: safety may be lost then, and what must hold is what honest nodes do. */
  broken?: boolean | undefined;
  /** Whether the trace is hashed. */
  hashed?: boolean;
  onTrace?: ((line: string) => void) | undefined;
}

/** One run: trouble and healing in turn, then progress and all invariants. */
export function simulate(seed: number, options: SimOptions = {}): SimResult {
  const plan = options.broken === true ? brokenPlanOf(seed, options) : planOf(seed, options);
  const trace = new Trace(options.hashed ?? false, options.onTrace ?? null);
  const world = new World(plan, options.machine ?? REAL_MACHINE, trace);
  for (const [i, power] of plan.powers.entries()) {
    const stored = plan.unlucky?.node === i && plan.unlucky.misfortune === 'brokenStore';
    world.nodes.push(new SimNode(world, i, new SimDisk(world.newChain(), stored), power === 0n && !plan.membership));
  }
  const run = plan.camps === null ? new Run(world) : new BrokenRun(world);
  let failure: string | null = null;
  try {
    run.all();
  } catch (error) {
    failure = error instanceof SimFailure ? error.message : `running: a node threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
  return {
    seed, failure, traceHash: trace.hash, nodes: plan.nodes, heights: Number(world.highest), halted: world.honest.filter(({ disk }) => disk.halt !== null).length, events: run.events, virtualMs: world.queue.nowMs,
    acknowledged: world.promises.acknowledgedCount, lapsed: world.promises.lapsedCount, crashes: world.crashes, plan,
  };
}

class Run extends Phases {
  all(): void {
    const { world } = this;
    const { plan, checker } = world;
    this.begin();
    if (plan.troublesMs.length === 0) world.network.heal();
    for (const forMs of plan.troublesMs) {
      this.trouble(forMs);
      this.healed();
      if (checker.chain.height >= HEIGHTS && !plan.directed) break;
    }
    this.until(HEIGHTS_MS, () => checker.chain.height >= HEIGHTS);
    if (checker.chain.height < HEIGHTS) world.fail('liveness', `only ${checker.chain.height} heights, ${HEIGHTS_MS} ms after everything healed`);
    world.submitting = false;
    this.quiet();
    checkEnd(world);
  }

  /** Everything works from here on: every honest node decides the highest height that any is in, within a number of rounds. */
  private healed(): void {
    const { world } = this;
    const { plan, checker, honest } = world;
    heal(world);
    const height = honest.reduce((max, { state }) => (state.context.height > max ? state.context.height : max), 1n);
    const round = honest.reduce((max, { state }) => (state.context.height === height && state.round > max ? state.round : max), 0);
    this.until(boundMs(plan, round), () => honest.every(({ disk }) => disk.chain.height >= height));
    const behind = honest.filter(({ disk }) => disk.chain.height < height);
    if (behind.length > 0) world.fail('liveness', `${behind.map(({ index, state }) => `n${index} at ${state.context.height}/${state.round} ${state.step}`).join(', ')} did not decide ${height} (round ${round} when healed)`);
    const decidedRound = checker.chain.at(height)?.certificate.round ?? 0;
    if (decidedRound > round + ROUNDS_TO_DECIDE) world.fail('liveness', `${height} took until round ${decidedRound}, was in ${round} when everything healed`);
  }

  /** Every transaction is acknowledged, everything acknowledged is in the chain, and all chains are the same. */
  private quiet(): void {
    const { queue, checker, promises, clients, honest } = this.world;
    const settled = (): boolean => clients.unacknowledged === 0 && promises.owed.length === 0 && honest.every(({ disk }) => disk.chain.height === checker.chain.height);
    let nextLookMs = 0;
    this.until(QUIET_MS, () => {
      if (queue.nowMs < nextLookMs) return false;
      nextLookMs = queue.nowMs + 50;
      return settled();
    });
    promises.check();
    if (!settled()) this.world.fail('liveness', `${honest.map(({ index, disk }) => `n${index} at ${disk.chain.height}`).join(', ')}, of ${checker.chain.height} decided, with ${clients.unacknowledged} transactions that nobody acknowledges`);
  }
}

/** Time of so many rounds from the given one, the wait before a height, and fetching what was missed. */
function boundMs({ params, maxWorkMs, healedDelayMs }: Plan, fromRound: number): number {
  let sum = SYNC_MS + 2 * params.heartbeatIntervalMs;
  for (let round = fromRound; round <= fromRound + ROUNDS_TO_DECIDE; round++) {
    sum += params.proposeTimeoutMs + params.prevoteTimeoutMs + params.precommitTimeoutMs + 3 * params.timeoutDeltaMs * Math.min(round, 60) + 2 * maxWorkMs + 3 * healedDelayMs[1];
  }
  return sum;
}
