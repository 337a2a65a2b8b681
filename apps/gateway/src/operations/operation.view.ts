import type { OperationView } from '#contracts';
import type { OperationEventData, OperationRecord } from '#persistence';

export function operationView(record: OperationRecord): OperationView {
  return {
    id: record.id,
    kind: record.kind,
    chainId: record.chainId,
    status: record.status,
    steps: record.steps,
    error: record.error,
    createdAt: record.createdAt.toISOString(),
    endedAt: record.endedAt?.toISOString() ?? null,
  };
}

/** The operation as it was when the event happened. */
export function operationAt(record: OperationRecord, event: OperationEventData): OperationView {
  return { ...operationView(record), status: event.status, steps: event.steps, error: event.error, endedAt: event.endedAt };
}
