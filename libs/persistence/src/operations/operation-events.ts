import type { EntityManager } from 'typeorm';
import { rows } from '../database/sql.js';
import type { OperationEvent, OperationEventData } from './operation.entity.js';

/** Told on commit to every gateway that follows operations; the payload is the operation's id, never its content. */
export const OPERATION_CHANNEL = 'stele_operation';

/** Appends the next event; `seq` counts from 1 without gaps, as the operation's row is locked by its writer. */
export async function appendOperationEvent(manager: EntityManager, operationId: string, data: OperationEventData): Promise<void> {
  await manager.query(
    `insert into operation_events (operation_id, seq, data)
     select $1, coalesce(max(seq), 0) + 1, $2::jsonb from operation_events where operation_id = $1`,
    [operationId, JSON.stringify(data)],
  );
  await manager.query('select pg_notify($1, $2)', [OPERATION_CHANNEL, operationId]);
}

/** Events after `seq` in order. */
export async function listOperationEvents(manager: EntityManager, operationId: string, afterSeq: number, limit = 500): Promise<OperationEvent[]> {
  return rows<OperationEvent>(
    manager,
    'select operation_id as "operationId", seq, at, data from operation_events where operation_id = $1 and seq > $2 order by seq limit $3',
    [operationId, afterSeq, limit],
  );
}
