import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { pruneIdempotencyKeys, pruneRefreshTokens } from '#persistence';

const SWEEP_MS = 10 * 60_000;

/** Forgets what has expired: idempotency keys and refresh tokens. Two provisioners that sweep at once share the work. */
export class Sweep {
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.sweep();
    this.timer = setInterval(() => this.sweep(), SWEEP_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.sweeping;
  }

  /** One sweep at a time; what fails is tried again with the next. */
  private sweep(): void {
    this.sweeping ??= this.sweepOnce()
      .catch((error: unknown) => this.logger.warn({ err: error }, 'what has expired could not be swept; it is tried again'))
      .finally(() => (this.sweeping = undefined));
  }

  private async sweepOnce(): Promise<void> {
    const { manager } = this.dataSource;
    const [idempotencyKeys, refreshTokens] = [await pruneIdempotencyKeys(manager), await pruneRefreshTokens(manager)];
    if (idempotencyKeys + refreshTokens > 0) this.logger.info({ idempotencyKeys, refreshTokens }, 'expired rows were swept');
  }
}
