/**
 * The outbox: a bell that is written in the transaction that changes what is wanted, and rung later by a relay. Rows are
 * claimed with FOR UPDATE SKIP LOCKED and marked in the transaction that claimed them, so two relays never ring the same
 * row while both live; a relay that dies between ringing and commit rings once more, which a doorbell forgives.
 */
import type { DataSource, EntityManager } from 'typeorm';
import { rows } from '../database/sql.js';

export interface OutboxMessage {
  id: string;
  topic: string;
  /** What the bell is about, e.g. the chain id; the queue's job is named after it. */
  key: string;
  payload: Record<string, unknown>;
}

export const CHAIN_TOPIC = 'chain';
export const DATA_CENTER_TOPIC = 'dataCenter';

/** Told to relays on every append, so that they need not poll fast. */
export const OUTBOX_CHANNEL = 'stele_outbox';

/** Gateway and provisioner: in the transaction of the change. */
export async function appendOutbox(manager: EntityManager, topic: string, key: string, payload: Record<string, unknown> = {}): Promise<void> {
  await manager.query('insert into outbox (topic, key, payload) values ($1, $2, $3)', [topic, key, JSON.stringify(payload)]);
  await manager.query('select pg_notify($1, $2)', [OUTBOX_CHANNEL, topic]);
}

/** Provisioner. */
export class Outbox {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Claims up to `limit` unsent rows in order, hands them to `ring`, and marks them sent once it resolves; when it throws,
   * they stay unsent. Answers how many were rung.
   */
  async relay(limit: number, ring: (messages: readonly OutboxMessage[]) => Promise<void>): Promise<number> {
    return this.dataSource.transaction(async (manager) => {
      const messages = await rows<OutboxMessage>(
        manager,
        'select id, topic, key, payload from outbox where sent_at is null order by id limit $1 for update skip locked',
        [limit],
      );
      if (messages.length === 0) return 0;
      await ring(messages);
      await manager.query('update outbox set sent_at = now() where id = any ($1::bigint[])', [messages.map((message) => message.id)]);
      return messages.length;
    });
  }

  /** Forgets what was sent longer ago than this. */
  async prune(olderThanMs: number): Promise<number> {
    const gone = await rows(this.dataSource.manager, `delete from outbox where sent_at < now() - $1 * interval '1 millisecond' returning id`, [olderThanMs]);
    return gone.length;
  }
}
