import { AcknowledgedLoad } from './acknowledged-load.js';
import { faultsOfChain, heightsOf, untilAllAbove } from './checks.js';
import type { ContainerChain } from './container-chain.js';
import { Random, sleep } from './random.js';

export const FAULTS = ['kill', 'pause', 'cut', 'fillDisk', 'restart', 'pauseTwo'] as const;
export type FaultKind = (typeof FAULTS)[number];

export interface FaultReport {
  seed: number;
  seconds: number;
  acknowledged: number;
  /** Transactions that got no acknowledgement before the load ended. */
  open: number;
  heights: number;
  faults: Record<FaultKind, number>;
  /** From healing until every node had decided a further block: the longest of each kind. */
  recoveryMs: Partial<Record<FaultKind, number>>;
  /** The longest time without a new block while no more than one node was out. */
  longestStallMs: number;
  /** What does not hold; empty where all is well. */
  broken: string[];
}

const RECOVERY_LIMIT_MS = 30_000;
const LOOK_MS = 100;

/** Disturbs a chain under load for so long, heals it, and looks at everything. */
export async function runFaults(chain: ContainerChain, options: { seed: number; seconds: number; clients?: number; say?: (text: string) => void }): Promise<FaultReport> {
  const random = new Random(options.seed);
  const say = options.say ?? (() => undefined);
  const report: FaultReport = {
    seed: options.seed, seconds: options.seconds, acknowledged: 0, open: 0, heights: 0, faults: { kill: 0, pause: 0, cut: 0, fillDisk: 0, restart: 0, pauseTwo: 0 },
    recoveryMs: {}, longestStallMs: 0, broken: [],
  };
  await untilAllAbove(chain, 0, RECOVERY_LIMIT_MS);
  const load = new AcknowledgedLoad(chain, options.clients ?? 12, 40);
  const watch = new StallWatch(chain);
  const endMs = performance.now() + options.seconds * 1000;
  // Each kind comes once before any comes twice, in an order that the seed gives.
  let waiting: FaultKind[] = [];
  while (performance.now() < endMs) {
    if (waiting.length === 0) waiting = shuffled(FAULTS, random);
    const kind = waiting.shift() as FaultKind;
    const victim = random.below(chain.size);
    const lastsMs = random.between(500, 4000);
    say(`${kind} node ${victim}${kind === 'kill' || kind === 'restart' ? '' : ` for ${Math.round(lastsMs)} ms`}`);
    report.faults[kind] += 1;
    watch.quorumIsOut = kind === 'pauseTwo';
    await disturb(chain, kind, victim, lastsMs);
    watch.quorumIsOut = false;
    const height = Math.max(...(await heightsOf(chain)).map((one) => one ?? 0));
    try {
      const tookMs = await untilAllAbove(chain, height, RECOVERY_LIMIT_MS);
      report.recoveryMs[kind] = Math.max(report.recoveryMs[kind] ?? 0, Math.round(tookMs));
      say(`  all nodes beyond height ${height} after ${Math.round(tookMs)} ms; ${load.acknowledged.length} acknowledged`);
    } catch (error) {
      report.broken.push(`after ${kind} of node ${victim}: ${error instanceof Error ? error.message : String(error)}`);
      say(`  ${String(report.broken.at(-1))}\n${await chain.logs(victim).catch(() => '')}`);
      break;
    }
    await sleep(random.between(200, 1500));
  }
  await load.end();
  report.longestStallMs = Math.round(watch.end());
  report.acknowledged = load.acknowledged.length;
  report.open = load.open.size;
  const before = Math.max(...(await heightsOf(chain)).map((one) => one ?? 0));
  await untilAllAbove(chain, before, RECOVERY_LIMIT_MS).catch((error: unknown) => report.broken.push(String(error)));
  report.heights = before;
  report.broken.push(...(await faultsOfChain(chain, load.acknowledged)));
  if (report.acknowledged === 0) report.broken.push('nothing was acknowledged at all');
  return report;
}

async function disturb(chain: ContainerChain, kind: FaultKind, victim: number, lastsMs: number): Promise<void> {
  switch (kind) {
    case 'kill':
      await chain.kill(victim);
      // The engine starts it again by itself; where it waits long because it was killed often, it is started here.
      return chain.startNode(victim);
    case 'restart':
      await chain.stopNode(victim);
      return chain.startNode(victim);
    case 'pause':
      await chain.pause(victim);
      await sleep(lastsMs);
      return chain.unpause(victim);
    case 'pauseTwo': {
      const other = (victim + 1) % chain.size;
      await Promise.all([chain.pause(victim), chain.pause(other)]);
      await sleep(lastsMs);
      await Promise.all([chain.unpause(victim), chain.unpause(other)]);
      return;
    }
    case 'cut': {
      const heal = await chain.cutNetwork(victim);
      await sleep(lastsMs);
      return heal();
    }
    case 'fillDisk': {
      const free = await chain.fillDisk(victim);
      await sleep(lastsMs);
      await free();
      // It has ended, as it must when it cannot store: it comes back by itself or by us.
      return chain.startNode(victim);
    }
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  const order: T[] = [];
  while (left.length > 0) order.push(...left.splice(random.below(left.length), 1));
  return order;
}

/** Watches the height that any node reports: how long it stands still while a quorum could work. */
class StallWatch {
  quorumIsOut = false;
  private readonly timer: NodeJS.Timeout;
  private height = 0;
  private sinceMs = performance.now();
  private longestMs = 0;
  private looking = false;

  constructor(private readonly chain: ContainerChain) {
    this.timer = setInterval(() => void this.look(), LOOK_MS);
  }

  end(): number {
    clearInterval(this.timer);
    return this.longestMs;
  }

  private async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    const height = Math.max(...(await heightsOf(this.chain)).map((one) => one ?? 0));
    this.looking = false;
    const nowMs = performance.now();
    if (this.quorumIsOut) this.sinceMs = nowMs;
    this.longestMs = Math.max(this.longestMs, nowMs - this.sinceMs);
    if (height > this.height) [this.height, this.sinceMs] = [height, nowMs];
  }
}
