import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Which process it is: a pid alone is used again by the system, with the time it was started it is not. */
export interface ProcessIdentity {
  pid: number;
  /** On Linux the boot and the ticks since it (field 22 of /proc/<pid>/stat); elsewhere what `ps` prints. */
  started: string;
}

const onLinux = existsSync('/proc/self/stat');

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'boot';
  }
}

function startedOnLinux(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the program's name in brackets and may hold anything; fields are counted from after its last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, ticks] = [fields[0], fields[19]];
  return state === 'Z' || state === 'X' || ticks === undefined ? undefined : `${bootId()}/${ticks}`;
}

function startedByPs(pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The identity of a live process; undefined for one that is gone or only waits to be reaped. */
export function identify(pid: number): ProcessIdentity | undefined {
  const started = onLinux ? startedOnLinux(pid) : startedByPs(pid);
  return started === undefined ? undefined : { pid, started };
}

export function isAlive(known: ProcessIdentity): boolean {
  return identify(known.pid)?.started === known.started;
}

/** Sends a signal only if the pid is still that process's. Answers whether it was. */
export function signalProcess(known: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(known)) return false;
  try {
    process.kill(known.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * The process that was started with `name=value` in its environment: for a start whose pid was never written down, as the
 * provisioner died in between. Linux only; elsewhere such a process is not found again, and its ports stay taken.
 */
export function findByEnvironment(name: string, value: string): ProcessIdentity | undefined {
  if (!onLinux) return undefined;
  const wanted = `${name}=${value}`;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if (readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0').includes(wanted)) return identify(Number(entry));
    } catch {
      // Another user's process, or one that ended while we looked: not ours.
      continue;
    }
  }
  return undefined;
}
