import { ControlClient, type NodeStatusReport, type TlsIdentity } from '#sdk';
import type { NodeRecord } from '#persistence';
import { specHash, type NodeSpec, type ObservedNode } from '#runtime';
import type { Observed, ObservedControl, ObservedDataCenter, ObservedMember } from '../reconcile/model.js';
import { rawKey, type ChainWorld, type Site } from './world.js';

const STATUS_TIMEOUT_MS = 2000;

/** What the last looks and steps left to remember; all of it may be lost at any time at the cost of one more idempotent call. */
export interface Memory {
  /** Image that the data center is known to have, by data center. */
  images: Map<string, string>;
  /** Subnet of a chain's network, by `chain/dataCenter`. */
  subnets: Map<string, string>;
  /** `chain/dataCenter` of networks known to be there. */
  networks: Set<string>;
  /** Networks removed since the chain is being deleted. */
  removedNetworks: Set<string>;
  /** Where a node's control and rpc listeners answer, by node and start of its container. */
  endpoints: Map<string, { control: string[]; rpc: string[] }>;
  /** The endpoints of peers that a node was last given, as text. */
  sentEndpoints: Map<string, string>;
}

export const emptyMemory = (): Memory => ({ images: new Map(), subnets: new Map(), networks: new Set(), removedNetworks: new Set(), endpoints: new Map(), sentEndpoints: new Map() });

/** What one look found, beside what the plan needs. */
export interface Look {
  observed: Observed;
  containers: ReadonlyMap<string, ObservedNode>;
  statuses: ReadonlyMap<string, NodeStatusReport>;
}

export interface LookTools {
  identity: TlsIdentity;
  memory: Memory;
  /** The specification that the node should run now, or undefined while it cannot be told. */
  specOf: (node: NodeRecord, site: Site) => NodeSpec | undefined;
  /** What the node should have been told about its peers, as text, or undefined while it cannot be told. */
  wantedEndpoints: (node: NodeRecord) => string | undefined;
}

/** Looks at a chain: the runtimes of its sites, and each node's own control listener. Failures of a look are findings, never errors. */
export async function observe(world: ChainWorld, tools: LookTools): Promise<Look> {
  const dataCenters = new Map<string, ObservedDataCenter>();
  const containers = new Map<string, ObservedNode>();
  for (const [id, reason] of world.siteProblems) dataCenters.set(id, { reachable: false, reason, imageReady: false, networkReady: false, strays: [] });
  await Promise.all(
    [...world.sites.values()].map(async (site) => {
      const { id } = site.dataCenter;
      try {
        const found = await site.runtime.list({ chainId: world.chain.id });
        for (const container of found) containers.set(container.nodeId, container);
        dataCenters.set(id, siteFinding(world, site, found, tools.memory));
      } catch (error) {
        dataCenters.set(id, { reachable: false, reason: error instanceof Error ? error.message : String(error), imageReady: false, networkReady: false, strays: [] });
      }
    }),
  );
  const statuses = new Map<string, NodeStatusReport>();
  const nodes = new Map<string, ObservedMember>();
  await Promise.all(
    world.nodes.map(async (node) => {
      const site = world.sites.get(node.dataCenterId);
      if (site === undefined || dataCenters.get(node.dataCenterId)?.reachable !== true) {
        nodes.set(node.id, { container: 'unknown', control: null });
        return;
      }
      const container = containers.get(node.id);
      const state = containerState(container, tools.specOf(node, site));
      const status = container?.state === 'running' ? await statusOf(node, site, container, tools) : undefined;
      if (status !== undefined) statuses.set(node.id, status);
      nodes.set(node.id, { container: state, control: status === undefined ? null : controlOf(node, status, tools) });
    }),
  );
  return { observed: { dataCenters, nodes }, containers, statuses };
}

function siteFinding(world: ChainWorld, site: Site, found: readonly ObservedNode[], memory: Memory): ObservedDataCenter {
  const { id } = site.dataCenter;
  const key = `${world.chain.id}/${id}`;
  const own = new Set(world.nodes.filter((node) => node.dataCenterId === id).map((node) => node.id));
  return {
    reachable: true,
    imageReady: memory.images.has(id),
    // A process that starts anew does not know whether the network is still there: removing it once more is free.
    networkReady: world.chain.deletedWanted ? !memory.removedNetworks.has(key) : memory.networks.has(key),
    strays: found.filter((container) => !own.has(container.nodeId)).map((container) => container.nodeId),
  };
}

function containerState(container: ObservedNode | undefined, spec: NodeSpec | undefined): ObservedMember['container'] {
  if (container === undefined || container.state === 'missing') return 'missing';
  if (spec !== undefined && container.specHash !== specHash(spec)) return 'stale';
  return container.state;
}

async function statusOf(node: NodeRecord, site: Site, container: ObservedNode, tools: LookTools): Promise<NodeStatusReport | undefined> {
  const publicKey = rawKey(node);
  if (publicKey === null) return undefined;
  try {
    const { control } = await listenersOf(node, site, container, tools.memory);
    return await new ControlClient(tools.identity, { endpoints: control, publicKey }, STATUS_TIMEOUT_MS).status();
  } catch {
    // A node that starts does not listen yet; one that is stuck shows as unreachable for as long as it is.
    return undefined;
  }
}

/** `host:port`s of a node's control and rpc listeners, the best first; asked of the runtime once per start of the container. */
export async function listenersOf(node: NodeRecord, site: Site, container: ObservedNode, memory: Memory): Promise<{ control: string[]; rpc: string[] }> {
  const key = `${node.id}@${container.startedAt ?? ''}`;
  const known = memory.endpoints.get(key);
  if (known !== undefined) return known;
  const endpoint = await site.runtime.endpoint(node.id);
  const ways = [...(endpoint.internal === undefined ? [] : [endpoint.internal]), endpoint];
  const found = { control: ways.map((way) => `${way.host}:${way.control}`), rpc: ways.map((way) => `${way.host}:${way.rpc}`) };
  memory.endpoints.set(key, found);
  return found;
}

function controlOf(node: NodeRecord, status: NodeStatusReport, tools: LookTools): ObservedControl {
  const wanted = tools.wantedEndpoints(node);
  return {
    phase: status.phase,
    genesisHash: status.genesisHash,
    height: BigInt(status.height),
    headHash: status.headHash,
    endpointsCurrent: wanted === undefined || tools.memory.sentEndpoints.get(node.id) === wanted,
    ...(status.reason === undefined ? {} : { reason: status.reason }),
  };
}
