import type Docker from 'dockerode';
import { pause } from '../call.js';
import { RuntimeError } from '../errors.js';
import { LABELS } from '../names.js';
import type { NodeLimits } from '../port.js';
import { orMissing, orUnchanged } from './engine.js';
import { failed, inspectionChecks } from './hardening.js';
import { inspectOwn } from './observe.js';

/** A container that is to run: its options hold name, labels and hash. */
export interface WantedContainer {
  installId: string;
  name: string;
  options: Docker.ContainerCreateOptions;
  limits: NodeLimits;
  /** The networks that it may be in. Beyond the one of its options it joins `alsoJoin` before it starts. */
  networks: readonly string[];
  alsoJoin?: { network: string; aliases: string[] };
}

const ATTEMPTS = 6;
const REMOVAL_LOOK_MS = 200;
/** Half a minute. */
const MAX_REMOVAL_LOOKS = 150;

/** SIGTERM and `graceSeconds`, then SIGKILL, then gone. What is not there, or is going, is done. */
export async function removeContainer(docker: Docker, id: string, graceSeconds = 10): Promise<void> {
  const container = docker.getContainer(id);
  await orMissing(orUnchanged(container.stop({ t: graceSeconds })));
  try {
    await orMissing(container.remove({ force: true, v: false }));
  } catch (error) {
    // 409: somebody else's removal of it is under way.
    if ((error as { statusCode?: number }).statusCode !== 409) throw error;
  }
}

function assertNotNewer(info: Docker.ContainerInspectInfo, wanted: WantedContainer): void {
  const there = Number(info.Config.Labels[LABELS.generation] ?? 0);
  const asked = Number(wanted.options.Labels?.[LABELS.generation] ?? 0);
  if (there > asked) throw new RuntimeError('Conflict', `${wanted.name} is of generation ${there}; a spec of generation ${asked} is out of date.`);
}

async function create(docker: Docker, wanted: WantedContainer): Promise<void> {
  try {
    await docker.createContainer(wanted.options);
  } catch (error) {
    // 409 on the name: made by an earlier call whose answer was lost, or just now by another; the next look adopts it.
    if ((error as { statusCode?: number }).statusCode !== 409) throw error;
  }
}

async function start(docker: Docker, wanted: WantedContainer, info: Docker.ContainerInspectInfo): Promise<void> {
  const also = wanted.alsoJoin;
  if (also !== undefined && info.NetworkSettings.Networks[also.network] === undefined) {
    await docker.getNetwork(also.network).connect({ Container: info.Id, EndpointConfig: { Aliases: also.aliases } });
  }
  await orUnchanged(docker.getContainer(info.Id).start());
}

/** A container that a running engine left half made, as its network is gone, can only be made again. */
function lostItsNetwork(info: Docker.ContainerInspectInfo, wanted: WantedContainer): boolean {
  const names = Object.keys(info.NetworkSettings.Networks);
  return wanted.networks.length > 0 && !names.some((name) => wanted.networks.includes(name));
}

/**
 * Level-triggered: looks, does one thing, looks again, until the wanted container runs. Answers its inspection, after having
 * checked that every restriction that was asked for is there; one that lacks any is removed at once.
 * @throws RuntimeError `Conflict` (other owner, newer generation, port taken), `Hardening`, `Failed` (others change it as well), and what the engine says.
 */
export async function applyContainer(docker: Docker, wanted: WantedContainer, signal: AbortSignal): Promise<Docker.ContainerInspectInfo> {
  let waits = 0;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const info = await inspectOwn(docker, wanted.installId, wanted.name);
    if (info === undefined) {
      await create(docker, wanted);
      continue;
    }
    assertNotNewer(info, wanted);
    if (info.State.Status === 'removing') {
      await pause(REMOVAL_LOOK_MS, signal, `waiting for the removal of ${wanted.name}`);
      // A busy engine takes its time to remove: that is nobody else's work on it.
      if (++waits <= MAX_REMOVAL_LOOKS) attempt -= 1;
      continue;
    }
    const same = info.Config.Labels[LABELS.specHash] === wanted.options.Labels?.[LABELS.specHash];
    if (!same || info.State.Dead || lostItsNetwork(info, wanted)) {
      // By id: another's call may have put the wanted one under this name by now.
      await removeContainer(docker, info.Id);
      continue;
    }
    if (!info.State.Running && info.State.Status !== 'restarting') {
      await start(docker, wanted, info);
      // One look more would say "created" for a container that ran and ended at once; its state says so by itself.
      const started = await inspectOwn(docker, wanted.installId, wanted.name);
      if (started !== undefined) return assertHardened(docker, wanted, started);
      continue;
    }
    return assertHardened(docker, wanted, info);
  }
  // Two steps of one plan may want it at once, each with the peers that it knew: the next look settles it.
  throw new RuntimeError('Failed', `${wanted.name} changed under our hands ${ATTEMPTS} times: something else is working on it.`);
}

async function assertHardened(docker: Docker, wanted: WantedContainer, info: Docker.ContainerInspectInfo): Promise<Docker.ContainerInspectInfo> {
  const dropped = failed(inspectionChecks(info, wanted.limits, wanted.networks));
  if (dropped.length === 0) return info;
  // It never should have run: no grace.
  await removeContainer(docker, info.Id, 0);
  throw new RuntimeError('Hardening', `The engine ran ${wanted.name} without: ${dropped.join(', ')}. It was removed.`);
}
