import { createHash } from 'node:crypto';
import { BlockList, isIPv4 } from 'node:net';
import type Docker from 'dockerode';
import { RuntimeError } from '../errors.js';
import { NODE_BINARY, NODE_UID, RELAY } from '../image/files.js';
import { contentHash, egressNetworkName, LABELS, relayName } from '../names.js';
import type { EgressSpec, NodeLimits, RemotePeer } from '../port.js';
import { removeContainer, type WantedContainer } from './apply.js';
import { hardenedHostConfig, labelsOf } from './container-spec.js';
import { orMissing } from './engine.js';
import { containersByLabel } from './observe.js';

/** The relay's name inside the chain's network. */
export const RELAY_ALIAS = 'stele-relay';
const RELAY_LIMITS: NodeLimits = { memoryBytes: 128 * 1024 * 1024, cpus: 1, pids: 64, files: 4096 };
const FIRST_PORT = 17_000;
const PORTS = 30_000;

export interface Route extends RemotePeer {
  listen: number;
}

/**
 * A port of the relay per peer, from the peer's id: it stays the same when other peers come and go, save after a collision,
 * where the later id moves on by one. (A node that dials a wrong peer in between is turned away by the pinned key.)
 */
export function routesOf(peers: readonly RemotePeer[]): Route[] {
  const taken = new Set<number>();
  return [...peers]
    .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1))
    .map((peer) => {
      let offset = createHash('sha256').update(peer.nodeId).digest().readUInt32BE(0) % PORTS;
      while (taken.has(offset)) offset = (offset + 1) % PORTS;
      taken.add(offset);
      return { ...peer, listen: FIRST_PORT + offset };
    });
}

/** A loopback address means the relay itself: that other site was registered with an address that only its own host knows. */
function assertReachable(peers: readonly RemotePeer[]): void {
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8);
  for (const peer of peers) {
    if (peer.host === 'localhost' || peer.host === '0.0.0.0' || (isIPv4(peer.host) && loopback.check(peer.host))) {
      throw new RuntimeError('Unsupported', `Node ${peer.nodeId} is advertised at ${peer.host}, which no container of another data center can reach. Give both data centers an advertised address that the other's host reaches.`);
    }
  }
}

/**
 * The relay's container: in the egress network by its options, in the chain's network before it starts. The egress network's
 * name sorts first of the two, by which the engine takes the way out from it.
 */
export function relayContainer(installId: string, egress: EgressSpec): WantedContainer {
  assertReachable(egress.peers);
  const routes = routesOf(egress.peers);
  const name = relayName(installId, egress.chainId);
  const out = egressNetworkName(installId);
  const env = { RELAY_SUBNET: egress.network.subnet, RELAY_ROUTES: JSON.stringify(routes.map(({ listen, host, port }) => ({ listen, host, port }))) };
  const hash = contentHash({ env, image: egress.image, limits: RELAY_LIMITS, network: egress.network, out: egress.egressSubnet });
  const options: Docker.ContainerCreateOptions = {
    name,
    Image: egress.image,
    Entrypoint: [NODE_BINARY, '--max-old-space-size=48', RELAY],
    Cmd: [],
    User: `${NODE_UID}:${NODE_UID}`,
    WorkingDir: '/tmp',
    Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
    Labels: labelsOf(installId, 'relay', { [LABELS.chain]: egress.chainId, [LABELS.specHash]: hash }),
    HostConfig: { ...hardenedHostConfig(RELAY_LIMITS), NetworkMode: out },
    NetworkingConfig: { EndpointsConfig: { [out]: {} } },
  };
  return { installId, name, options, limits: RELAY_LIMITS, networks: [out, egress.network.name], alsoJoin: { network: egress.network.name, aliases: [RELAY_ALIAS] } };
}

/** Removes a chain's relay, and with the last one of the install the network that relays leave by. */
export async function removeRelay(docker: Docker, installId: string, chainId: string): Promise<void> {
  for (const id of await containersByLabel(docker, installId, 'relay', chainId)) await removeContainer(docker, id);
  if ((await containersByLabel(docker, installId, 'relay')).length > 0) return;
  const network = docker.getNetwork(egressNetworkName(installId));
  const found = await orMissing(network.inspect() as Promise<{ Labels?: Record<string, string> }>);
  if (found?.Labels?.[LABELS.install] !== installId) return;
  try {
    await orMissing(network.remove());
  } catch (error) {
    // A relay of another chain joined it just now: it stays.
    const status = (error as { statusCode?: number }).statusCode;
    if (status !== 403 && status !== 409) throw error;
  }
}
