import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { DataCenterObservations, type DataCenterRecord, type DataCenterSeen } from '#persistence';
import { isRuntimeError, type Runtime } from '#runtime';
import type { Runtimes } from './runtimes.js';

const INTERVAL_MS = 10_000;

/**
 * Looks at every data center: does its engine answer, what room has it, and (once, when it is first seen) does it really
 * apply the restrictions that nodes run under. An engine that drops one is refused.
 */
export class SiteWatch {
  private readonly hardened = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly runtimes: Runtimes,
    private readonly logger: Logger,
  ) {}

  start(): void {
    void this.look();
    this.timer = setInterval(() => void this.look(), INTERVAL_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** One look at all of them; a look that runs already is shared, then made once more by the next call. */
  async look(): Promise<void> {
    await this.running;
    this.running ??= this.lookAtAll().finally(() => (this.running = undefined));
    await this.running;
  }

  private async lookAtAll(): Promise<void> {
    try {
      const observations = new DataCenterObservations(this.dataSource.manager);
      await Promise.all(
        (await observations.list()).map(async (dataCenter) => {
          const seen = await this.see(dataCenter);
          if (seen.status !== dataCenter.status) this.logger.info({ dataCenter: dataCenter.name, status: seen.status, reason: seen.reason }, 'data center changed');
          await observations.record(dataCenter.id, { ...seen, observedAt: new Date() });
        }),
      );
    } catch (error) {
      this.logger.error({ err: error }, 'the data centers could not be looked at');
    }
  }

  private async see(dataCenter: DataCenterRecord): Promise<DataCenterSeen> {
    try {
      const runtime = await this.runtimes.of(dataCenter);
      await runtime.ping();
      const capacity = { ...(await runtime.capacity()) };
      const refusal = await this.refusal(dataCenter, runtime);
      return refusal === undefined ? { status: 'ready', reason: null, capacity } : { status: 'refused', reason: refusal, capacity };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const refused = isRuntimeError(error, 'Unsupported') || isRuntimeError(error, 'Hardening');
      return { status: refused ? 'refused' : 'unreachable', reason };
    }
  }

  private async refusal(dataCenter: DataCenterRecord, runtime: Runtime): Promise<string | undefined> {
    if (!runtime.capabilities().isolates || this.hardened.has(dataCenter.id)) return undefined;
    const report = await runtime.verifyHardening();
    if (!report.ok) return `the engine dropped restrictions that were asked for: ${report.dropped.join('; ')}`;
    this.hardened.add(dataCenter.id);
    return undefined;
  }
}
