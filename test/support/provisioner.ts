import type { Platform } from '../../scripts/platform/platform.js';

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
