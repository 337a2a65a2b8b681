import type { EntityManager } from 'typeorm';
import { PersistenceError } from '../database/errors.js';
import { appendOperationEvent, listOperationEvents } from './operation-events.js';
import { OperationEntity, type OperationEvent, type OperationKind, type OperationRecord, type OperationStatus } from './operation.entity.js';

/** Gateway: operations that the tenant asked for, or of chains of which it is a member. All in `withTenant`. */
export class Operations {
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  async get(operationId: string): Promise<OperationRecord | null> {
    return this.manager
      .createQueryBuilder(OperationEntity, 'o')
      .where('o.id = :operationId', { operationId })
      .andWhere('(o.tenant_id = :tenantId or exists (select 1 from chain_member me where me.chain_id = o.chain_id and me.tenant_id = :tenantId))', { tenantId: this.tenantId })
      .getOne();
  }

  /** Events after `afterSeq` (0: all); throws `notFound` for an operation that the tenant may not see. */
  async events(operationId: string, afterSeq: number): Promise<OperationEvent[]> {
    if ((await this.get(operationId)) === null) throw new PersistenceError('notFound', 'There is no such operation.');
    return listOperationEvents(this.manager, operationId, afterSeq);
  }
}

/** Whether the operation will not change any more. */
export function operationIsOver(status: OperationStatus): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'cancelled';
}

export type OperationChange = Partial<Pick<OperationRecord, 'status' | 'steps' | 'error'>>;

/** Provisioner: progress. Writes belong into `withLease` of the operation's chain. */
export class OperationProgress {
  constructor(private readonly manager: EntityManager) {}

  /** Operations of the chain that are not over, oldest first. */
  async open(chainId: string, kind?: OperationKind): Promise<OperationRecord[]> {
    const query = this.manager.createQueryBuilder(OperationEntity, 'o').where(`o.chain_id = :chainId and o.status in ('pending', 'running')`, { chainId });
    if (kind !== undefined) query.andWhere('o.kind = :kind', { kind });
    return query.orderBy('o.id').getMany();
  }

  /**
   * Writes what changed, and an event, in one transaction. What equals what is stored writes nothing, so a reconcile that
   * finds nothing new tells nobody. An operation that is over stays as it is (status only advances): answers false then.
   */
  async record(operationId: string, change: OperationChange): Promise<boolean> {
    const current = await this.manager.findOne(OperationEntity, { where: { id: operationId }, lock: { mode: 'pessimistic_write' } });
    if (current === null || operationIsOver(current.status)) return false;
    const next = { status: change.status ?? current.status, steps: change.steps ?? current.steps, error: change.error ?? current.error };
    const same = next.status === current.status && canonical(next.steps) === canonical(current.steps) && canonical(next.error) === canonical(current.error);
    if (same) return false;
    const endedAt = operationIsOver(next.status) ? new Date() : null;
    await this.manager.update(OperationEntity, { id: operationId }, { ...next, endedAt } as object);
    await appendOperationEvent(this.manager, operationId, { ...next, endedAt: endedAt?.toISOString() ?? null });
    return true;
  }
}

/** jsonb does not keep the order of keys, so compare with sorted ones. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}
