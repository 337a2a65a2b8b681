import { SimFailure } from './checker.js';
import { disturb, submitTransactions } from './disturb.js';
import { SimDisk } from './disk.js';
import { REAL_MACHINE, type Machine } from './machine.js';
import { SimNode } from './node.js';
import { planOf, type Plan } from './plan.js';
import { Trace } from './trace.js';
import { World } from './world.js';

/** After everything works, a height may take so many rounds more. */
const ROUNDS_TO_DECIDE = 10;
const SYNC_MS = 4000;
const QUIET_MS = 30_000;
const MAX_EVENTS = 3_000_000;

export interface SimResult {
  seed: number;
  /** Null where every invariant held. */
  failure: string | null;
  /** The same for the same seed, always. */
  traceHash: string;
  nodes: number;
  heights: number;
  events: number;
  virtualMs: number;
  plan: Plan;
}

export interface SimOptions {
  nodes?: number | undefined;
  machine?: Machine;
  onTrace?: ((line: string) => void) | undefined;
}

/** One run: faults until everything heals, then progress and all invariants. */
export function simulate(seed: number, options: SimOptions = {}): SimResult {
  const plan = planOf(seed, options.nodes);
  const trace = new Trace(options.onTrace ?? null);
  const world = new World(plan, options.machine ?? REAL_MACHINE, trace);
  for (const [i, power] of plan.powers.entries()) world.nodes.push(new SimNode(world, i, new SimDisk(world.newChain()), power === 0n && !plan.membership));
  let events = 0;
  const runUntil = (endMs: number, done: () => boolean): void => {
    while (!done() && world.queue.runNext(endMs)) if (++events > MAX_EVENTS) throw new SimFailure(`bounds: more than ${MAX_EVENTS} events`);
  };
  let failure: string | null = null;
  try {
    run(world, runUntil);
  } catch (error) {
    if (!(error instanceof SimFailure)) throw new Error(`seed ${seed}: the simulated node failed`, { cause: error });
    failure = error.message;
  }
  return { seed, failure, traceHash: trace.hash, nodes: plan.nodes, heights: Number(world.checker.chain.height), events, virtualMs: world.queue.nowMs, plan };
}

function run(world: World, runUntil: (endMs: number, done: () => boolean) => void): void {
  const { plan, queue, checker } = world;
  for (const node of world.nodes) queue.after(world.random.between(0, 20), () => node.start());
  queue.after(1, () => submitTransactions(world, plan.healAtMs + 1500));
  if (plan.healAtMs > 0) queue.after(world.random.between(1, 2 * plan.disturbanceMs), () => disturb(world));
  runUntil(plan.healAtMs, () => false);
  queue.nowMs = Math.max(queue.nowMs, plan.healAtMs);
  heal(world);
  const height = world.honest.reduce((max, { state }) => (state.context.height > max ? state.context.height : max), 1n);
  const round = world.honest.reduce((max, { state }) => (state.context.height === height && state.round > max ? state.round : max), 0);
  const live = (): boolean => world.honest.every(({ disk }) => disk.chain.height >= height);
  runUntil(queue.nowMs + boundMs(plan, round), live);
  const behind = world.honest.filter(({ disk }) => disk.chain.height < height);
  if (behind.length > 0) world.fail(`liveness: ${behind.map(({ index, state }) => `n${index} at ${state.context.height}/${state.round} ${state.step}`).join(', ')} did not decide ${height} (round ${round} when healed)`);
  const decidedRound = checker.chain.at(height)?.certificate.round ?? 0;
  if (decidedRound > round + ROUNDS_TO_DECIDE) world.fail(`liveness: ${height} took until round ${decidedRound}, was in ${round} when everything healed`);
  quiet(world, runUntil);
}

/** Every transaction is in the chain, exactly once, and all chains are the same. */
function quiet(world: World, runUntil: (endMs: number, done: () => boolean) => void): void {
  const { queue, checker, plan } = world;
  const settled = (): boolean => queue.nowMs > plan.healAtMs + 1500 && world.honest.every(({ disk }) => disk.chain.height === checker.chain.height && world.submitted.every(({ transaction }) => disk.chain.includes(transaction)));
  let nextLookMs = 0;
  runUntil(queue.nowMs + QUIET_MS, () => {
    if (queue.nowMs < nextLookMs) return false;
    nextLookMs = queue.nowMs + 50;
    return settled();
  });
  if (!settled()) world.fail(`liveness: ${world.honest.map(({ index, disk }) => `n${index} at ${disk.chain.height} with ${world.poolOf(index).length} waiting`).join(', ')}, of ${checker.chain.height} decided, ${QUIET_MS} ms after everything healed`);
  const seen = checker.chain.decided.reduce((sum, { block }) => sum + block.transactions.length, 0);
  if (seen !== world.submitted.length) world.fail(`validity: ${seen} transactions in the chain, ${world.submitted.length} submitted`);
}

function heal(world: World): void {
  world.chaos = false;
  world.network.heal();
  for (const node of world.nodes) {
    node.skewMs = 0;
    node.resume();
    if (node.up) node.announce();
    else node.start();
  }
}

/** Time of so many rounds from the given one, the wait before a height, and fetching what was missed. */
function boundMs({ params }: Plan, fromRound: number): number {
  let sum = SYNC_MS + 2 * params.heartbeatIntervalMs;
  for (let round = fromRound; round <= fromRound + ROUNDS_TO_DECIDE; round++) sum += params.proposeTimeoutMs + params.prevoteTimeoutMs + params.precommitTimeoutMs + 3 * params.timeoutDeltaMs * Math.min(round, 60);
  return sum;
}
