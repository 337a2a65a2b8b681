import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { ChainObservations } from '#persistence';
import type { Reconciler } from '../chains/reconciler.js';
import type { ChainBell } from './bell.js';

/** Rings for everything where wanted ≠ seen: what a lost queue costs at most. */
const RESYNC_MS = 30_000;
/** How often the nodes of running chains are looked at: a killed one is started again within this. */
const WATCH_MS = 2000;
const LIMIT = 1000;
const WATCH_AT_ONCE = 8;

/** The clocks behind the doorbell. */
export class Resync {
  private timers: NodeJS.Timeout[] = [];
  private watching: Promise<void> | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly bell: ChainBell,
    private readonly reconciler: Reconciler,
    private readonly logger: Logger,
  ) {}

  start(): void {
    void this.ringUnsettled();
    this.timers = [setInterval(() => void this.ringUnsettled(), RESYNC_MS), setInterval(() => this.watch(), WATCH_MS)];
  }

  async stop(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await this.watching;
  }

  private async ringUnsettled(): Promise<void> {
    try {
      for (const chainId of await new ChainObservations(this.dataSource.manager).unsettled(LIMIT)) await this.bell.ring(chainId);
    } catch (error) {
      this.logger.warn({ err: error }, 'the resync failed; it is tried again');
    }
  }

  /** Looks at every running chain, some at a time; a look that is still under way is not doubled. */
  private watch(): void {
    this.watching ??= this.watchAll()
      .catch((error: unknown) => this.logger.warn({ err: error }, 'running chains could not be looked at; it is tried again'))
      .finally(() => (this.watching = undefined));
  }

  private async watchAll(): Promise<void> {
    const chains = await new ChainObservations(this.dataSource.manager).running();
    const next = chains.values();
    const work = async (): Promise<void> => {
      for (const chainId of next) {
        const outcome = await this.reconciler.reconcile(chainId);
        if (outcome.kind === 'again') await this.bell.ring(chainId, outcome.afterMs);
      }
    };
    await Promise.all(Array.from({ length: WATCH_AT_ONCE }, work));
  }
}
