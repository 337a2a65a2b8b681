/** Operations: long-running requests that the caller follows, by polling or by server-sent events. */
import { z } from 'zod';
import { TimestampSchema } from './common.js';
import { idSchema } from './ids.js';

export const OPERATION_STATUSES = ['pending', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export const OperationStatusSchema = z.enum(OPERATION_STATUSES);
export type OperationStatus = z.infer<typeof OperationStatusSchema>;

export const OperationKindSchema = z.enum(['createChain', 'deleteChain', 'removeMemberNodes']);
export type OperationKind = z.infer<typeof OperationKindSchema>;

export const OperationStepSchema = z
  .object({
    name: z.string(),
    status: z.enum(['pending', 'running', 'succeeded', 'failed', 'skipped']),
    startedAt: TimestampSchema.nullable(),
    endedAt: TimestampSchema.nullable(),
    /** What a person would want to know, e.g. `3 of 4 founders signed`. */
    detail: z.string().nullable(),
  })
  .meta({ id: 'OperationStep' });
export type OperationStep = z.infer<typeof OperationStepSchema>;

export const OperationErrorSchema = z.object({ code: z.string(), message: z.string() }).meta({ id: 'OperationError' });
export type OperationError = z.infer<typeof OperationErrorSchema>;

export const OperationSchema = z
  .object({
    id: idSchema('operation'),
    kind: OperationKindSchema,
    chainId: idSchema('chain').nullable(),
    status: OperationStatusSchema,
    steps: z.array(OperationStepSchema),
    error: OperationErrorSchema.nullable(),
    createdAt: TimestampSchema,
    endedAt: TimestampSchema.nullable(),
  })
  .meta({ id: 'Operation' });
export type OperationView = z.infer<typeof OperationSchema>;

/** Whether the operation will not change any more; its event stream ends then. */
export function isOperationOver(status: OperationStatus): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'cancelled';
}
