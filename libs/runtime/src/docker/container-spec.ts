import { isIPv4 } from 'node:net';
import type Docker from 'dockerode';
import { NODE_BINARY, NODE_UID, PROGRAM } from '../image/files.js';
import { LABELS, nodeName, type ObjectKind, specHash } from '../names.js';
import { CONTAINER_PORTS, type NodeLimits, type NodeSpec } from '../port.js';

/** Where the advertised address is kept, as a published port only tells what it is bound to. */
export const ADVERTISE_LABEL = 'stele.advertise';

export function labelsOf(installId: string, kind: ObjectKind, more: Record<string, string> = {}): Record<string, string> {
  return { [LABELS.install]: installId, [LABELS.kind]: kind, ...more };
}

/** Every restriction that each of our containers runs under. `hardening.ts` checks each line of it. */
export function hardenedHostConfig(limits: NodeLimits): Docker.HostConfig {
  return {
    CapDrop: ['ALL'],
    // The engine's default seccomp profile applies as long as nothing here names another.
    SecurityOpt: ['no-new-privileges'],
    Privileged: false,
    ReadonlyRootfs: true,
    Tmpfs: { '/tmp': 'rw,noexec,nosuid,nodev,size=64m,mode=1777' },
    Memory: limits.memoryBytes,
    // Equal to Memory: no swap beyond it, where the kernel counts swap.
    MemorySwap: limits.memoryBytes,
    NanoCpus: Math.round(limits.cpus * 1e9),
    PidsLimit: limits.pids,
    Ulimits: [{ Name: 'nofile', Soft: limits.files, Hard: limits.files }, { Name: 'core', Soft: 0, Hard: 0 }],
    IpcMode: 'private',
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
    // Started again after a crash or a restart of the engine, but not after `stop`.
    RestartPolicy: { Name: 'unless-stopped' },
    PublishAllPorts: false,
  };
}

/** The address that ports are bound to: the advertised one where it is an address, else all of the host's. */
export function bindAddressOf(spec: NodeSpec, override: string | undefined): string {
  return override ?? (isIPv4(spec.advertise) ? spec.advertise : '0.0.0.0');
}

/** What `docker create` is asked for. */
export function nodeContainer(spec: NodeSpec, bindAddress: string | undefined): Docker.ContainerCreateOptions {
  const hostIp = bindAddressOf(spec, bindAddress);
  const roles = ['peer', 'control', 'rpc'] as const;
  const labels = labelsOf(spec.installId, 'node', {
    [LABELS.chain]: spec.chainId,
    [LABELS.node]: spec.nodeId,
    [LABELS.generation]: String(spec.generation),
    [LABELS.specHash]: specHash(spec),
    [ADVERTISE_LABEL]: spec.advertise,
  });
  const own = {
    STELE_DATA: '/data',
    STELE_HOST: '0.0.0.0',
    STELE_PEER_PORT: String(CONTAINER_PORTS.peer),
    STELE_CONTROL_PORT: String(CONTAINER_PORTS.control),
    STELE_RPC_PORT: String(CONTAINER_PORTS.rpc),
  };
  return {
    name: nodeName(spec.installId, spec.nodeId),
    Image: spec.image,
    Entrypoint: [NODE_BINARY, PROGRAM],
    Cmd: [],
    User: `${NODE_UID}:${NODE_UID}`,
    WorkingDir: '/data',
    Hostname: spec.nodeId.slice(0, 63),
    Env: Object.entries({ ...spec.env, ...own }).map(([key, value]) => `${key}=${value}`),
    Labels: labels,
    StopSignal: 'SIGTERM',
    ExposedPorts: Object.fromEntries(roles.map((role) => [`${CONTAINER_PORTS[role]}/tcp`, {}])),
    HostConfig: {
      ...hardenedHostConfig(spec.limits),
      NetworkMode: spec.network.name,
      PortBindings: Object.fromEntries(roles.map((role) => [`${CONTAINER_PORTS[role]}/tcp`, [{ HostIp: hostIp, HostPort: String(spec.ports[role]) }]])),
      // Peers are found by name through the engine's resolver; any other name ends here instead of leaking out as a query.
      Dns: ['127.0.0.1'],
      // A lookup holds one of Node's four file threads until it ends: five seconds, twice, would starve the node of them while
      // a peer or the relay is gone.
      DnsOptions: ['timeout:1', 'attempts:2'],
      Mounts: [{ Type: 'volume', Source: spec.volume, Target: '/data', ReadOnly: false, VolumeOptions: { NoCopy: false, Labels: labelsOf(spec.installId, 'volume', { [LABELS.chain]: spec.chainId, [LABELS.node]: spec.nodeId }), DriverConfig: { Name: 'local', Options: {} } } }],
    },
    NetworkingConfig: { EndpointsConfig: { [spec.network.name]: { Aliases: [spec.nodeId] } } },
  };
}
