import type { SteleClient } from '#sdk';
import type { Platform } from '../../scripts/platform/platform.js';
import { eventually, hasReached, operationEvents } from './e2e.js';

const LOOK_EVERY_MS = 5;

/** SIGKILL, as the kernel does it when memory runs out: the program gets to do nothing. Its supervisor starts it again. */
export function killProvisioner(platform: Platform): boolean {
  const pid = platform.program('provisioner').pid();
  if (pid === undefined) return false;
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself while we looked.
    return false;
  }
}

/** Kills the provisioner as often as its supervisor starts it, long before it can do anything, until the answered function is called. */
export function holdProvisionerDown(platform: Platform): () => void {
  killProvisioner(platform);
  const timer = setInterval(() => killProvisioner(platform), LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

/**
 * Kills the provisioner each time that the operation's events tell of another of these steps. Answers where it was killed,
 * when all are done or the operation is over. What the kill meets is that step or what follows it.
 */
export async function killAtSteps(platform: Platform, client: SteleClient, operationId: string, steps: readonly string[]): Promise<string[]> {
  const killedAt: string[] = [];
  for await (const operation of operationEvents(client, platform.url, operationId)) {
    for (const step of steps.slice(killedAt.length)) {
      if (!hasReached(operation, step)) break;
      // Between two lives there is nothing to kill.
      await eventually('the provisioner to kill', () => (killProvisioner(platform) ? true : undefined));
      killedAt.push(step);
    }
    if (killedAt.length === steps.length) break;
  }
  return killedAt;
}
