import type Docker from 'dockerode';
import type { ProbeOutput } from '../image/probe-program.js';
import { NODE_UID } from '../image/files.js';
import type { NodeLimits } from '../port.js';

/** One restriction: its name, and whether it holds. */
type Check = readonly [name: string, holds: boolean];

/** What the engine says about a running container, against what was asked for. */
export function inspectionChecks(info: Docker.ContainerInspectInfo, limits: NodeLimits, allowedNetworks: readonly string[]): Check[] {
  const host = info.HostConfig;
  const networks = Object.keys(info.NetworkSettings.Networks);
  const options = host.SecurityOpt ?? [];
  const nofile = (host.Ulimits as { Name?: string; Hard?: number }[] | undefined)?.find((limit) => limit.Name === 'nofile');
  return [
    ['all capabilities dropped', (host.CapDrop ?? []).some((name: string) => name.toUpperCase() === 'ALL') && (host.CapAdd ?? []).length === 0],
    ['no-new-privileges', options.some((option: string) => /^no-new-privileges(:true|=true)?$/.test(option))],
    ['default seccomp profile', !options.some((option: string) => option.startsWith('seccomp'))],
    ['not privileged', host.Privileged !== true],
    ['read-only root', host.ReadonlyRootfs === true],
    ['own tmpfs', (host.Tmpfs as Record<string, string> | undefined)?.['/tmp'] !== undefined],
    [`user ${NODE_UID}`, info.Config.User.split(':')[0] === String(NODE_UID)],
    ['memory limit', host.Memory === limits.memoryBytes],
    ['CPU limit', host.NanoCpus === Math.round(limits.cpus * 1e9)],
    ['limit of processes', host.PidsLimit === limits.pids],
    ['limit of open files', nofile?.Hard === limits.files],
    ['capped logs', host.LogConfig?.Type === 'json-file' && (host.LogConfig.Config as Record<string, string> | undefined)?.['max-size'] !== undefined],
    ['no process namespace of the host', host.PidMode !== 'host' && host.IpcMode !== 'host' && host.UsernsMode !== 'host'],
    ['no device of the host', (host.Devices ?? []).length === 0],
    ['no folder of the host', info.Mounts.every((mount) => mount.Type === 'volume' || mount.Type === 'tmpfs')],
    ['only its own networks', networks.length > 0 && networks.every((name) => allowedNetworks.includes(name))],
  ];
}

/** What a container sees of itself. */
export function insideChecks(seen: ProbeOutput, limits: NodeLimits): Check[] {
  const zero = (name: string): boolean => /^0+$/.test(seen.status[name] ?? '');
  return [
    ['inside: user and group', seen.uid === NODE_UID && seen.gid === NODE_UID && !seen.groups.includes(0)],
    ['inside: no capability', ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].every(zero)],
    ['inside: no new privileges', seen.status['NoNewPrivs'] === '1'],
    ['inside: seccomp filters', seen.status['Seccomp'] === '2'],
    ['inside: root is read-only', !seen.rootWritable],
    ['inside: the volume is writable', seen.dataWritable],
    ['inside: the tmpfs is writable', seen.tmpWritable],
    ['inside: limit of open files', seen.files.split(/\s+/).every((value) => value === String(limits.files))],
    ['inside: memory limit', seen.memoryMax === String(limits.memoryBytes)],
    ['inside: limit of processes', seen.pidsMax === String(limits.pids)],
    ['inside: CPU limit', /^[1-9]\d*( \d+)?$/.test(seen.cpuMax)],
  ];
}

export function failed(checks: readonly Check[]): string[] {
  return checks.filter(([, holds]) => !holds).map(([name]) => name);
}
