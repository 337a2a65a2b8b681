import { newId } from '#contracts';
import type { EntityManager } from 'typeorm';
import { OperationEntity, type OperationKind, type OperationRecord } from './operation.entity.js';
import { appendOperationEvent } from './operation-events.js';

/** Gateway: in the transaction that changes what is wanted. The first event is `pending`, without steps. */
export async function insertOperation(
  manager: EntityManager,
  input: { tenantId: string; chainId: string | null; kind: OperationKind; createdBy: string },
): Promise<OperationRecord> {
  const id = newId('operation');
  await manager.query('insert into operations (id, tenant_id, chain_id, kind, created_by) values ($1, $2, $3, $4, $5)', [
    id, input.tenantId, input.chainId, input.kind, input.createdBy,
  ]);
  await appendOperationEvent(manager, id, { status: 'pending', steps: [], error: null, endedAt: null });
  return manager.findOneByOrFail(OperationEntity, { id });
}
