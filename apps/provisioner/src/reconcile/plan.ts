import { isQuorum } from '#ledger';
import type { ChainStatus, DesiredChain, DesiredNode, Observed, ObservedMember, Step } from './model.js';

/** How soon a chain that is on its way is looked at again. */
const SOON_MS = 100;
/** How soon something that needs a person, or an engine to come back, is looked at again. */
const LATER_MS = 5000;

const UNSEEN: ObservedMember = { container: 'missing', control: null };

/**
 * What to do next for one chain. Pure, and level-triggered: it looks at what is wanted and what is, never at how it came
 * about, so a provision that died half-way, a node that was killed and a fresh chain all take this same path.
 *
 * Returns at least one step; all steps of one answer may run at the same time. Never waits for something that another
 * step of the same answer would bring about.
 */
export function plan(chain: DesiredChain, observed: Observed): readonly Step[] {
  if (chain.status === 'deleted') return planStrays(chain, observed) ?? [{ kind: 'settled' }];
  if (chain.deleteWanted) return planDelete(chain, observed);
  if (chain.status === 'failed') return [{ kind: 'settled' }];
  return (
    planUnreachable(chain, observed) ??
    planStatus(chain, 'pending', 'provisioning', 'work has begun') ??
    planRemovals(chain, observed) ??
    planPreparation(chain, observed) ??
    planNodes(chain, observed) ??
    planEnrolment(chain, observed) ??
    planGenesis(chain) ??
    planStart(chain, observed) ??
    planFirstBlock(chain, observed) ??
    planUpkeep(chain, observed) ?? [{ kind: 'settled' }]
  );
}

const wantedNodes = (chain: DesiredChain): DesiredNode[] => chain.nodes.filter((node) => node.wanted === 'running');
const seen = (observed: Observed, node: DesiredNode): ObservedMember => observed.nodes.get(node.id) ?? UNSEEN;
const orNothing = (steps: readonly Step[]): readonly Step[] | undefined => (steps.length > 0 ? steps : undefined);

function planStatus(chain: DesiredChain, from: ChainStatus, to: ChainStatus, why: string): readonly Step[] | undefined {
  return chain.status === from ? [{ kind: 'setStatus', status: to, why }] : undefined;
}

/** Before genesis every node must come up, so one unreachable data center holds the whole; afterwards only its own nodes. */
function planUnreachable(chain: DesiredChain, observed: Observed): readonly Step[] | undefined {
  if (chain.status === 'running') return undefined;
  for (const node of wantedNodes(chain)) {
    const site = observed.dataCenters.get(node.dataCenterId);
    if (site !== undefined && site.reachable) continue;
    return [{ kind: 'wait', why: `data center ${node.dataCenterId} does not answer: ${site?.reason ?? 'it is not registered'}`, forMs: LATER_MS }];
  }
  return undefined;
}

/** Nodes that are to go, and nodes that run without a row. */
function planRemovals(chain: DesiredChain, observed: Observed): readonly Step[] | undefined {
  const leaving: Step[] = chain.nodes
    .filter((node) => node.wanted === 'removed' && seen(observed, node).container !== 'missing' && observed.dataCenters.get(node.dataCenterId)?.reachable === true)
    .map((node) => ({ kind: 'removeNode', nodeId: node.id, dataCenterId: node.dataCenterId, why: 'its member removed it' }));
  return orNothing([...leaving, ...(planStrays(chain, observed) ?? [])]);
}

function planStrays(chain: DesiredChain, observed: Observed): readonly Step[] | undefined {
  const known = new Set(chain.nodes.map((node) => node.id));
  const steps: Step[] = [];
  for (const [dataCenterId, site] of observed.dataCenters) {
    for (const nodeId of site.strays) {
      if (!known.has(nodeId) || chain.status === 'deleted') steps.push({ kind: 'removeNode', nodeId, dataCenterId, why: 'no such node is wanted' });
    }
  }
  return orNothing(steps);
}

/** Ports, image and network: all that a node needs before it starts. */
function planPreparation(chain: DesiredChain, observed: Observed): readonly Step[] | undefined {
  const nodes = wantedNodes(chain);
  const unprepared = nodes.filter((node) => !node.hasPorts).map((node) => node.id);
  const steps: Step[] = unprepared.length > 0 ? [{ kind: 'prepareNodes', nodeIds: unprepared }] : [];
  for (const dataCenterId of new Set(nodes.map((node) => node.dataCenterId))) {
    const site = observed.dataCenters.get(dataCenterId);
    if (site === undefined || !site.reachable) continue;
    if (!site.imageReady) steps.push({ kind: 'ensureImage', dataCenterId });
    if (!site.networkReady) steps.push({ kind: 'ensureNetwork', dataCenterId });
  }
  return orNothing(steps);
}

const NOT_RUNNING: Partial<Record<ObservedMember['container'], string>> = {
  missing: 'it does not exist',
  created: 'it was created and not started',
  exited: 'it ended',
  stale: 'it runs another specification',
};

/** Every wanted node runs. */
function planNodes(chain: DesiredChain, observed: Observed): readonly Step[] | undefined {
  const steps: Step[] = [];
  for (const node of wantedNodes(chain)) {
    const why = NOT_RUNNING[seen(observed, node).container];
    const reachable = observed.dataCenters.get(node.dataCenterId)?.reachable === true;
    if (why !== undefined && reachable) steps.push({ kind: 'applyNode', nodeId: node.id, why });
  }
  return orNothing(steps);
}

/** Every node's key is known before genesis names it. */
function planEnrolment(chain: DesiredChain, observed: Observed): readonly Step[] | undefined {
  const unknown = wantedNodes(chain).filter((node) => node.publicKey === null);
  if (unknown.length === 0) return undefined;
  const steps: Step[] = unknown.filter((node) => seen(observed, node).container === 'running').map((node) => ({ kind: 'enrolNode', nodeId: node.id }));
  return steps.length > 0 ? steps : [{ kind: 'wait', why: `the state of ${unknown[0]?.id ?? 'a node'} cannot be read`, forMs: LATER_MS }];
}

function planGenesis(chain: DesiredChain): readonly Step[] | undefined {
  if (!chain.hasGenesis) return [{ kind: 'writeGenesis' }];
  if (chain.unsignedFounders.length === 0) return undefined;
  if (chain.status === 'provisioning') return [{ kind: 'setStatus', status: 'awaitingFounders', why: 'founders check genesis and sign its hash' }];
  return [{ kind: 'wait', why: `waiting for the founders' signatures: ${chain.unsignedFounders.join(', ')}`, forMs: LATER_MS }];
}

/** Hands genesis to each node that has none. */
function planStart(chain: DesiredChain, observed: Observed): readonly Step[] | undefined {
  if (chain.status === 'provisioning' || chain.status === 'awaitingFounders') {
    return [{ kind: 'setStatus', status: 'starting', why: 'every founder has signed' }];
  }
  return orNothing(
    wantedNodes(chain)
      .filter((node) => seen(observed, node).control?.phase === 'waiting')
      .map((node) => ({ kind: 'putGenesis', nodeId: node.id })),
  );
}

/** `running` only once a quorum has committed height 1: "created" must never be shown where nothing runs. */
function planFirstBlock(chain: DesiredChain, observed: Observed): readonly Step[] | undefined {
  if (chain.status === 'running') return undefined;
  const validators = wantedNodes(chain).filter((node) => node.kind === 'validator');
  const total = validators.reduce((sum, node) => sum + node.power, 0n);
  const halted = validators.find((node) => seen(observed, node).control?.phase === 'halted');
  if (halted !== undefined) {
    return [{ kind: 'setStatus', status: 'failed', why: `node ${halted.id} halted: ${seen(observed, halted).control?.reason ?? 'it gave no reason'}` }];
  }
  const committed = validators.filter((node) => (seen(observed, node).control?.height ?? 0n) >= 1n).reduce((sum, node) => sum + node.power, 0n);
  if (isQuorum(chain.faultModel, committed, total)) return [{ kind: 'setStatus', status: 'running', why: 'a quorum has committed the first block' }];
  return [{ kind: 'wait', why: `waiting for the first block: power ${committed} of ${total} has it`, forMs: SOON_MS }];
}

/** A running chain's nodes know where their peers are. */
function planUpkeep(chain: DesiredChain, observed: Observed): readonly Step[] | undefined {
  return orNothing(
    wantedNodes(chain)
      .filter((node) => {
        const control = seen(observed, node).control;
        return control !== null && control.phase !== 'waiting' && !control.endpointsCurrent;
      })
      .map((node) => ({ kind: 'putEndpoints', nodeId: node.id })),
  );
}

/** Nodes first, then the networks, then the record; each look finds what is left. */
function planDelete(chain: DesiredChain, observed: Observed): readonly Step[] {
  if (chain.status !== 'deleting') return [{ kind: 'setStatus', status: 'deleting', why: 'its deletion was asked for' }];
  const steps: Step[] = [];
  for (const node of chain.nodes) {
    const site = observed.dataCenters.get(node.dataCenterId);
    if (site === undefined) continue;
    if (!site.reachable) return [{ kind: 'wait', why: `data center ${node.dataCenterId} does not answer: ${site.reason ?? 'no reason given'}`, forMs: LATER_MS }];
    if (seen(observed, node).container !== 'missing') steps.push({ kind: 'removeNode', nodeId: node.id, dataCenterId: node.dataCenterId, why: 'the chain ends' });
  }
  steps.push(...(planStrays(chain, observed) ?? []));
  if (steps.length > 0) return steps;
  for (const [dataCenterId, site] of observed.dataCenters) {
    if (site.networkReady) steps.push({ kind: 'removeNetwork', dataCenterId });
  }
  return steps.length > 0 ? steps : [{ kind: 'setStatus', status: 'deleted', why: 'nothing of it runs any more; volumes are set aside' }];
}
