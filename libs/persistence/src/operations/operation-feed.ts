/**
 * Follows operations for server-sent events. One dedicated connection listens; each follower reads its events under its
 * own tenant's rights when the bell rings, and looks every `pollMs` anyway, so a lost notification costs a delay only.
 */
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { withTenant } from '../database/unit-of-work.js';
import { OPERATION_CHANNEL } from './operation-events.js';
import type { OperationEvent } from './operation.entity.js';
import { operationIsOver, Operations } from './operations.js';

const RECONNECT_MS = 1_000;

/** Gateway: one per process; `close` before the data source is destroyed. */
export class OperationFeed {
  private readonly waiting = new Map<string, Set<() => void>>();
  private client: Client | null = null;
  private reconnect: NodeJS.Timeout | null = null;
  private closed = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly url: string,
    private readonly pollMs = 2_000,
  ) {}

  /** Starts listening; resolves when connected. Later losses are repaired in the background. */
  async start(): Promise<void> {
    const client = new Client({ connectionString: this.url, application_name: 'stele-operation-feed', keepAlive: true });
    client.on('notification', (message) => this.wake(message.payload ?? ''));
    client.on('error', () => this.lost(client));
    client.on('end', () => this.lost(client));
    this.client = client;
    await client.connect();
    await client.query(`listen ${OPERATION_CHANNEL}`);
  }

  private lost(client: Client): void {
    if (this.closed || this.client !== client) return;
    this.client = null;
    this.reconnect = setTimeout(() => {
      this.start().catch(() => {
        const failed = this.client;
        if (failed !== null) this.lost(failed);
      });
    }, RECONNECT_MS);
    this.reconnect.unref();
  }

  private wake(operationId: string): void {
    for (const resolve of this.waiting.get(operationId) ?? []) resolve();
  }

  /**
   * Yields events after `afterSeq` (the client's Last-Event-ID, or 0) until the operation is over, the signal is aborted or
   * the feed closed. Throws `notFound` for an operation that this tenant may not see.
   */
  async *follow(access: { tenantId: string; userId: string }, operationId: string, afterSeq: number, signal?: AbortSignal): AsyncGenerator<OperationEvent, void> {
    let seq = afterSeq;
    let seenOver = false;
    const bell = this.subscribe(operationId, signal);
    try {
      while (signal?.aborted !== true && !this.closed) {
        bell.arm();
        const events = await withTenant(this.dataSource, access, (manager) => new Operations(manager, access.tenantId).events(operationId, seq));
        for (const event of events) {
          seq = event.seq;
          yield event;
          if (operationIsOver(event.data.status)) return;
        }
        if (events.length === 0) {
          if (seenOver) return;
          // It may have ended since the events were read: look once more before the end, so that the last event is told.
          seenOver = seq > 0 && (await this.isOver(access, operationId));
          if (!seenOver) await bell.rung();
        }
      }
    } finally {
      bell.close();
    }
  }

  /** A client that comes back after the last event gets an end, not an endless wait. */
  private async isOver(access: { tenantId: string; userId: string }, operationId: string): Promise<boolean> {
    const operation = await withTenant(this.dataSource, access, (manager) => new Operations(manager, access.tenantId).get(operationId));
    return operation === null || operationIsOver(operation.status);
  }

  /** A bell that remembers a ring from `arm` on, so none is lost between reading and waiting. */
  private subscribe(operationId: string, signal: AbortSignal | undefined) {
    let ring: () => void = () => undefined;
    let rung = Promise.resolve();
    let timer: NodeJS.Timeout | undefined;
    const wake = () => ring();
    const listeners = this.waiting.get(operationId) ?? new Set();
    this.waiting.set(operationId, listeners.add(wake));
    signal?.addEventListener('abort', wake);
    return {
      arm: () => {
        clearTimeout(timer);
        rung = new Promise((resolve) => (ring = resolve));
        timer = setTimeout(wake, this.pollMs);
      },
      rung: () => rung,
      close: () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        listeners.delete(wake);
        if (listeners.size === 0 && this.waiting.get(operationId) === listeners) this.waiting.delete(operationId);
      },
    };
  }

  /** Ends all followers and the connection. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.reconnect !== null) clearTimeout(this.reconnect);
    const client = this.client;
    this.client = null;
    for (const listeners of this.waiting.values()) for (const wake of listeners) wake();
    await client?.end();
  }
}
