import type { EntityManager } from 'typeorm';
import { OperationProgress, type OperationChange, type OperationRecord } from '#persistence';
import type { Step } from '../reconcile/model.js';
import type { Look } from './observe.js';
import { advance, CREATE_STEPS, createStage, finish, REMOVE_STEPS, removeStage } from './progress.js';
import type { ChainWorld } from './world.js';

/** Tells the chain's open operations how far it is. */
export async function recordProgress(manager: EntityManager, world: ChainWorld, steps: readonly Step[], look: Look | undefined): Promise<void> {
  const progress = new OperationProgress(manager);
  for (const operation of await progress.open(world.chain.id)) {
    const change = changeOf(operation, world, steps, look, new Date().toISOString());
    if (change !== undefined) await progress.record(operation.id, change);
  }
}

function changeOf(operation: OperationRecord, world: ChainWorld, steps: readonly Step[], look: Look | undefined, now: string): OperationChange | undefined {
  return operation.kind === 'createChain' ? createChange(operation, world, steps, now) : removeChange(operation, world, steps, look, now);
}

function createChange(operation: OperationRecord, world: ChainWorld, steps: readonly Step[], now: string): OperationChange | undefined {
  const { status, reason, deletedWanted } = world.chain;
  if (deletedWanted) return { status: 'cancelled', error: { code: 'chainDeleted', message: 'the deletion of the chain was asked for before it ran' } };
  if (status === 'running') return { status: 'succeeded', steps: finish(CREATE_STEPS, operation.steps, now) };
  if (status === 'failed') {
    const failed = operation.steps.map((step) => (step.status === 'running' ? { ...step, status: 'failed' as const, endedAt: now } : step));
    return { status: 'failed', steps: failed, error: { code: 'provisionFailed', message: reason ?? 'no reason is known' } };
  }
  const stage = createStage(steps, status);
  return { status: 'running', ...(stage === undefined ? {} : { steps: advance(CREATE_STEPS, operation.steps, stage, detailOf(steps), now) }) };
}

function removeChange(operation: OperationRecord, world: ChainWorld, steps: readonly Step[], look: Look | undefined, now: string): OperationChange | undefined {
  const gone = look !== undefined && world.nodes.every((node) => node.tenantId !== operation.tenantId || look.observed.nodes.get(node.id)?.container === 'missing');
  const over = operation.kind === 'deleteChain' ? world.chain.status === 'deleted' : gone;
  if (over) return { status: 'succeeded', steps: finish(REMOVE_STEPS, operation.steps, now) };
  const stage = removeStage(steps);
  return { status: 'running', ...(stage === undefined ? {} : { steps: advance(REMOVE_STEPS, operation.steps, stage, detailOf(steps), now) }) };
}

/** What a person would want to know about what happens now. */
function detailOf(steps: readonly Step[]): string | null {
  const first = steps[0];
  if (first === undefined) return null;
  if (first.kind === 'wait') return first.why;
  return steps.length > 1 ? `${steps.length} at a time` : null;
}
