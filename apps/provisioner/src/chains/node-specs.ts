import { DEFAULT_LIMITS, networkName, volumeName, type NodeSpec, type RemotePeer } from '#runtime';
import type { NodeRecord } from '#persistence';
import type { PeerEndpoints } from '#sdk';
import { enrolSecret } from '../reconcile/enrol-secret.js';
import { rawKey, type ChainWorld, type Site } from './world.js';

/** What is the same for every node that this provisioner starts. */
export interface NodeSettings {
  installId: string;
  provisionerSeed: Uint8Array;
  /** Raw public keys in hex, without 0x. */
  provisionerKey: string;
  gatewayKey: string;
  logLevel: string;
  /** STELE_HISTORY of the nodes; undefined leaves them their own. */
  history: string | undefined;
}

/** The specification of one node. Pure: equal rows give an equal specification, and so an equal hash. */
export function nodeSpec(settings: NodeSettings, node: NodeRecord, site: Site, image: string, subnet: string): NodeSpec {
  if (node.ports === null) throw new Error(`node ${node.id} has no ports yet`);
  return {
    installId: settings.installId,
    chainId: node.chainId,
    nodeId: node.id,
    generation: node.generation,
    image,
    env: {
      STELE_CONTROL_KEYS: settings.provisionerKey,
      STELE_RPC_KEYS: settings.gatewayKey,
      STELE_ENROL_SECRET: enrolSecret(settings.provisionerSeed, node.id),
      STELE_LOG_LEVEL: settings.logLevel,
      ...(settings.history === undefined ? {} : { STELE_HISTORY: settings.history }),
    },
    ports: node.ports,
    advertise: site.dataCenter.advertiseAddress,
    network: { name: networkName(settings.installId, node.chainId), subnet },
    limits: DEFAULT_LIMITS,
    volume: volumeName(settings.installId, node.id),
  };
}

const isPeer = (node: NodeRecord): boolean => node.wanted === 'running' && node.ports !== null && node.publicKey !== null;

/** Peers of the chain at other sites, as this site's relay may dial them. */
export function remotePeers(world: ChainWorld, site: Site): RemotePeer[] {
  return world.nodes.filter((node) => isPeer(node) && node.dataCenterId !== site.dataCenter.id).flatMap((node) => {
    const there = world.sites.get(node.dataCenterId);
    return there === undefined || node.ports === null ? [] : [{ nodeId: node.id, host: there.dataCenter.advertiseAddress, port: node.ports.peer }];
  });
}

/**
 * Where the nodes of one site dial each peer, by raw key in hex.
 * @param remote what the site's runtime answered for {@link remotePeers}, by node id.
 */
export function endpointsAt(world: ChainWorld, site: Site, remote: Readonly<Record<string, string[]>>): PeerEndpoints {
  const endpoints: PeerEndpoints = {};
  for (const node of world.nodes) {
    const key = rawKey(node);
    if (!isPeer(node) || key === null || node.ports === null) continue;
    const here = node.dataCenterId === site.dataCenter.id;
    const dial = here
      ? site.runtime.peerEndpoints({ nodeId: node.id, advertise: site.dataCenter.advertiseAddress, ports: node.ports }, { fromSameEngine: true })
      : (remote[node.id] ?? []);
    endpoints[Buffer.from(key).toString('hex')] = dial;
  }
  return endpoints;
}
