import type Docker from 'dockerode';
import { pause } from '../call.js';
import { RuntimeError } from '../errors.js';
import { LABELS, type ObjectKind } from '../names.js';
import { labelsOf } from './container-spec.js';
import { orMissing } from './engine.js';

export interface WantedNetwork {
  name: string;
  subnet: string;
  installId: string;
  kind: Extract<ObjectKind, 'network' | 'egress'>;
  chainId?: string;
}

const MASQUERADE = 'com.docker.network.bridge.enable_ip_masquerade';
const BETWEEN_CONTAINERS = 'com.docker.network.bridge.enable_icc';

/**
 * A chain's network has no masquerade: published ports work, peers meet by name, replies from outside find no way back. The
 * egress network has it, but its containers (relays of different chains) do not reach each other.
 */
function optionsOf(kind: WantedNetwork['kind']): Record<string, string> {
  return kind === 'network' ? { [MASQUERADE]: 'false' } : { [MASQUERADE]: 'true', [BETWEEN_CONTAINERS]: 'false' };
}

function assertSame(found: Docker.NetworkInspectInfo, wanted: WantedNetwork): void {
  const labels = found.Labels ?? {};
  if (labels[LABELS.install] !== wanted.installId || labels[LABELS.kind] !== wanted.kind) throw new RuntimeError('Conflict', `The network ${wanted.name} exists and is not of this install.`);
  const subnet = found.IPAM?.Config?.[0]?.['Subnet'];
  if (subnet !== wanted.subnet) throw new RuntimeError('Conflict', `The network ${wanted.name} exists with the subnet ${String(subnet)}, not ${wanted.subnet}.`);
  for (const [key, value] of Object.entries(optionsOf(wanted.kind))) {
    if (found.Options?.[key] !== value) throw new RuntimeError('Hardening', `The network ${wanted.name} has ${key}=${String(found.Options?.[key])}, not ${value}.`);
  }
}

/** Looks for a network; when another call makes it at this moment its subnet is taken before its name is seen, so `tries` times. */
async function find(docker: Docker, name: string, tries: number, signal: AbortSignal): Promise<Docker.NetworkInspectInfo | undefined> {
  for (let attempt = 1; ; attempt++) {
    const found = await orMissing(docker.getNetwork(name).inspect() as Promise<Docker.NetworkInspectInfo>);
    if (found !== undefined || attempt >= tries) return found;
    await pause(100, signal, `looking for the network ${name}`);
  }
}

/** Create → conflict → inspect → adopt. An equal subnet under another name, and so a double, is refused by the engine. */
export async function ensureBridge(docker: Docker, wanted: WantedNetwork, signal: AbortSignal): Promise<void> {
  const found = await find(docker, wanted.name, 1, signal);
  if (found !== undefined) return assertSame(found, wanted);
  try {
    await docker.createNetwork({
      Name: wanted.name,
      CheckDuplicate: true,
      Driver: 'bridge',
      IPAM: { Driver: 'default', Config: [{ Subnet: wanted.subnet }] },
      Options: optionsOf(wanted.kind),
      Labels: labelsOf(wanted.installId, wanted.kind, wanted.chainId === undefined ? {} : { [LABELS.chain]: wanted.chainId }),
    });
  } catch (error) {
    const made = await find(docker, wanted.name, 10, signal);
    if (made === undefined) throw error;
    assertSame(made, wanted);
  }
}
