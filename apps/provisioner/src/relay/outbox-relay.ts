import { Client } from 'pg';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { CHAIN_TOPIC, DATA_CENTER_TOPIC, Outbox, OUTBOX_CHANNEL } from '#persistence';
import type { SiteWatch } from '../sites/site-watch.js';
import type { ChainBell } from './bell.js';

const BATCH = 100;
/** Without a notification the table is looked at this often. */
const POLL_MS = 1000;
const RECONNECT_MS = 1000;
const KEEP_SENT_MS = 24 * 3600 * 1000;
const PRUNE_MS = 3600 * 1000;

/** Carries bells from the outbox to the queue, as soon as PostgreSQL tells of them. */
export class OutboxRelay {
  private readonly outbox: Outbox;
  private listener: Client | undefined;
  private timers: NodeJS.Timeout[] = [];
  private busy: Promise<void> | undefined;
  private again = false;
  private stopped = false;

  constructor(
    dataSource: DataSource,
    private readonly databaseUrl: string,
    private readonly bell: ChainBell,
    private readonly sites: SiteWatch,
    private readonly logger: Logger,
  ) {
    this.outbox = new Outbox(dataSource);
  }

  start(): void {
    void this.listen();
    this.wake();
    this.timers = [
      setInterval(() => this.wake(), POLL_MS),
      setInterval(() => void this.outbox.prune(KEEP_SENT_MS).catch((error: unknown) => this.logger.warn({ err: error }, 'the outbox could not be pruned')), PRUNE_MS),
    ];
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers) clearInterval(timer);
    await this.listener?.end().catch(() => undefined);
    await this.busy;
  }

  private async listen(): Promise<void> {
    if (this.stopped) return;
    const client = new Client({ connectionString: this.databaseUrl });
    const again = (): void => {
      if (this.listener !== client) return;
      this.listener = undefined;
      setTimeout(() => void this.listen(), RECONNECT_MS).unref();
    };
    this.listener = client;
    client.on('error', again);
    client.on('end', again);
    client.on('notification', () => this.wake());
    try {
      await client.connect();
      await client.query(`listen ${OUTBOX_CHANNEL}`);
      this.wake();
    } catch (error) {
      this.logger.warn({ err: error }, 'no notifications from PostgreSQL; polling meanwhile');
      again();
    }
  }

  /** Relays now; a call while it relays makes it look once more afterwards. */
  private wake(): void {
    if (this.busy !== undefined) {
      this.again = true;
      return;
    }
    this.busy = this.relayAll().finally(() => {
      this.busy = undefined;
      if (this.again && !this.stopped) {
        this.again = false;
        this.wake();
      }
    });
  }

  private async relayAll(): Promise<void> {
    try {
      let rung: number;
      do {
        rung = await this.outbox.relay(BATCH, async (messages) => {
          const chains = new Set(messages.filter((message) => message.topic === CHAIN_TOPIC).map((message) => message.key));
          for (const chainId of chains) await this.bell.ring(chainId);
          if (messages.some((message) => message.topic === DATA_CENTER_TOPIC)) void this.sites.look();
        });
      } while (rung === BATCH && !this.stopped);
    } catch (error) {
      this.logger.warn({ err: error }, 'the outbox could not be relayed; it is tried again');
    }
  }
}
