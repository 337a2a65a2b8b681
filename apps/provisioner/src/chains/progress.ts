import type { OperationStep } from '#persistence';
import type { ChainStatus, Step } from '../reconcile/model.js';

/** What a person follows while a chain is made, in this order. */
export const CREATE_STEPS = ['prepare ports, network and image', 'start the nodes', 'enrol the nodes', 'write genesis', 'founders sign genesis', 'start consensus', 'commit the first block'] as const;
export const REMOVE_STEPS = ['remove the nodes', 'remove the networks'] as const;

const CREATE_STAGE: Partial<Record<Step['kind'], number>> = { prepareNodes: 0, ensureImage: 0, ensureNetwork: 0, applyNode: 1, enrolNode: 2, writeGenesis: 3, putGenesis: 5 };
const REMOVE_STAGE: Partial<Record<Step['kind'], number>> = { removeNode: 0, removeNetwork: 1 };

/** Which step of a creation these steps of a plan belong to; undefined where they tell nothing new. */
export function createStage(steps: readonly Step[], status: ChainStatus): number | undefined {
  const stages = steps.map((step) => {
    if (step.kind === 'setStatus' && step.status === 'awaitingFounders') return 4;
    if (step.kind === 'setStatus' && step.status === 'starting') return 5;
    if (step.kind === 'wait') return status === 'awaitingFounders' ? 4 : status === 'starting' ? 6 : undefined;
    return CREATE_STAGE[step.kind];
  });
  const known = stages.filter((stage) => stage !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

export function removeStage(steps: readonly Step[]): number | undefined {
  const known = steps.map((step) => REMOVE_STAGE[step.kind]).filter((stage) => stage !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/**
 * The operation's steps with `stage` running and all before it done. Steps only advance: a node that is started again late
 * in a creation does not set it back.
 */
export function advance(names: readonly string[], before: readonly OperationStep[], stage: number, detail: string | null, now: string): OperationStep[] {
  const reached = Math.max(stage, before.findLastIndex((step) => step.status === 'running' || step.status === 'succeeded'));
  return names.map((name, i) => {
    const old = before[i] ?? { name, status: 'pending' as const, startedAt: null, endedAt: null, detail: null };
    if (i < reached) return { ...old, status: 'succeeded' as const, startedAt: old.startedAt ?? now, endedAt: old.endedAt ?? now };
    if (i > reached) return old;
    return { ...old, status: 'running' as const, startedAt: old.startedAt ?? now, detail };
  });
}

/** Every step done. */
export function finish(names: readonly string[], before: readonly OperationStep[], now: string): OperationStep[] {
  return advance(names, before, names.length, null, now);
}
