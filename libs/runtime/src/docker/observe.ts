import { networkInterfaces } from 'node:os';
import type Docker from 'dockerode';
import { RuntimeError } from '../errors.js';
import { LABELS } from '../names.js';
import { CONTAINER_PORTS, type NodeEndpoint, type NodeState, type ObservedNode } from '../port.js';
import { ADVERTISE_LABEL } from './container-spec.js';
import { orMissing } from './engine.js';

export const missingNode = (nodeId: string): ObservedNode => ({ nodeId, chainId: '', generation: 0, specHash: '', state: 'missing', restarts: 0 });

/** The container of that name. @throws RuntimeError `Conflict` when it is not this install's. */
export async function inspectOwn(docker: Docker, installId: string, name: string): Promise<Docker.ContainerInspectInfo | undefined> {
  const info = await orMissing(docker.getContainer(name).inspect());
  if (info !== undefined && info.Config.Labels[LABELS.install] !== installId) throw new RuntimeError('Conflict', `The container ${name} exists and is not of this install.`);
  return info;
}

function stateOf(info: Docker.ContainerInspectInfo): NodeState {
  if (info.State.Status === 'created') return 'created';
  // `restarting` counts as running: the engine is about to start it again, and `restarts` tells that it crashes.
  return info.State.Running || info.State.Status === 'restarting' ? 'running' : 'exited';
}

export function observed(info: Docker.ContainerInspectInfo): ObservedNode {
  const labels = info.Config.Labels;
  const state = stateOf(info);
  return {
    nodeId: labels[LABELS.node] ?? '',
    chainId: labels[LABELS.chain] ?? '',
    generation: Number(labels[LABELS.generation] ?? 0),
    specHash: labels[LABELS.specHash] ?? '',
    state,
    ...(state === 'exited' ? { exitCode: info.State.ExitCode } : {}),
    ...(state === 'created' ? {} : { startedAt: info.State.StartedAt }),
    restarts: info.RestartCount,
  };
}

/**
 * The container's own address is named only where its bridge is on this machine (we hold the bridge's address): dialling one
 * that belongs to another host's bridge would not be refused but hang.
 * @param ownAddresses this machine's; a parameter for tests.
 */
export function endpointOf(info: Docker.ContainerInspectInfo, ownAddresses = machineAddresses()): NodeEndpoint {
  const published = info.HostConfig.PortBindings as Record<string, { HostPort?: string }[] | undefined>;
  const port = (inside: number): number => Number(published[`${inside}/tcp`]?.[0]?.HostPort ?? 0);
  const network = Object.values(info.NetworkSettings.Networks)[0];
  const address = network !== undefined && ownAddresses.includes(network.Gateway) ? network.IPAddress : undefined;
  return {
    host: info.Config.Labels[ADVERTISE_LABEL] ?? '127.0.0.1',
    peer: port(CONTAINER_PORTS.peer),
    control: port(CONTAINER_PORTS.control),
    rpc: port(CONTAINER_PORTS.rpc),
    ...(address === undefined || address === '' ? {} : { internal: { host: address, ...CONTAINER_PORTS } }),
  };
}

function machineAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map((one) => one.address));
}

/** Names of this install's containers of a kind, found by label. */
export async function containersByLabel(docker: Docker, installId: string, kind: string, chainId?: string): Promise<string[]> {
  const label = [`${LABELS.install}=${installId}`, `${LABELS.kind}=${kind}`, ...(chainId === undefined ? [] : [`${LABELS.chain}=${chainId}`])];
  const found = await docker.listContainers({ all: true, filters: { label } });
  return found.map((container) => container.Id);
}

/** A container's output comes in frames of an 8-byte head (stream, three zeros, u32 length) and the text. */
export function textOfFrames(frames: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= frames.length; ) {
    const length = frames.readUInt32BE(at + 4);
    parts.push(frames.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(parts).toString('utf8');
}

