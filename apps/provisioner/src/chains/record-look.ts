import type { EntityManager } from 'typeorm';
import { ChainObservations, type NodeRecord, type NodeSeen, type NodeStatus } from '#persistence';
import type { ObservedMember } from '../reconcile/model.js';
import type { Look, Memory } from './observe.js';
import type { ChainWorld } from './world.js';

/** What has not changed is written again only this often, so that `observedAt` tells that somebody looks. */
const REFRESH_MS = 10_000;

const STATUS: Record<ObservedMember['container'], NodeStatus | undefined> = {
  missing: 'missing', created: 'created', running: 'running', exited: 'exited', stale: 'running', unknown: undefined,
};

/** Writes what a look found about each node. */
export async function recordLook(manager: EntityManager, world: ChainWorld, look: Look, memory: Memory): Promise<void> {
  const observations = new ChainObservations(manager);
  const now = new Date();
  for (const node of world.nodes) {
    const seen = nodeSeen(node, look, memory);
    const fresh = node.observedAt !== null && now.getTime() - node.observedAt.getTime() < REFRESH_MS;
    if (seen === undefined || (fresh && !differs(node, seen))) continue;
    await observations.recordNode(node.id, { ...seen, observedAt: now });
  }
}

function nodeSeen(node: NodeRecord, look: Look, memory: Memory): NodeSeen | undefined {
  const member = look.observed.nodes.get(node.id);
  const status = member === undefined ? undefined : STATUS[member.container];
  // Where nobody can look, what was seen last stands, and says so.
  if (member?.container === 'unknown') return { reason: 'its data center cannot be reached: this is what was seen last' };
  if (member === undefined || status === undefined) return undefined;
  const report = look.statuses.get(node.id);
  const container = look.containers.get(node.id);
  const listeners = container === undefined ? undefined : memory.endpoints.get(`${node.id}@${container.startedAt ?? ''}`);
  const gone = node.wanted === 'removed' && status === 'missing';
  const asWanted = gone || (node.wanted === 'running' && member.container === 'running');
  return {
    // A node counts as running once it answers: a container that has just started does not serve yet.
    status: gone ? 'removed' : status === 'running' && report === undefined && node.publicKey !== null ? 'created' : status,
    reason: report?.reason ?? null,
    ...(report === undefined ? {} : { height: report.height }),
    ...(listeners === undefined ? {} : { endpoints: listeners }),
    ...(container === undefined ? {} : { specHash: container.specHash }),
    ...(asWanted ? { observedGeneration: node.generation } : {}),
  };
}

function differs(node: NodeRecord, seen: NodeSeen): boolean {
  return Object.entries(seen).some(([key, value]) => JSON.stringify(node[key as keyof NodeRecord]) !== JSON.stringify(value));
}
