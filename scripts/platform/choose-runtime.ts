import { existsSync } from 'node:fs';
import { request } from 'node:http';
import type { KnownSite } from './runtimes.js';

export type RuntimeKind = 'docker' | 'process';

export interface RuntimeChoice {
  kind: RuntimeKind;
  why: string;
  /** The engine's socket, for `docker`. */
  socketPath?: string;
  /** What the operator should know. */
  warning?: string;
}

const DEFAULT_SOCKET = '/var/run/docker.sock';

/** The local socket that `DOCKER_HOST` names, or the engine's default. */
function socketOf(env: NodeJS.ProcessEnv): string | undefined {
  const host = env['DOCKER_HOST'];
  if (host === undefined || host === '') return DEFAULT_SOCKET;
  return host.startsWith('unix://') ? host.slice('unix://'.length) : undefined;
}

/** Whether an engine answers `GET /_ping` on the socket; says why not. */
function pingEngine(socketPath: string): Promise<{ ok: true } | { ok: false; why: string }> {
  if (!existsSync(socketPath)) return Promise.resolve({ ok: false, why: `there is no engine socket at ${socketPath}` });
  return new Promise((resolve) => {
    const call = request({ socketPath, path: '/_ping', method: 'GET', timeout: 3000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? { ok: true } : { ok: false, why: `the engine at ${socketPath} answered ${String(response.statusCode)}` });
    });
    call.on('timeout', () => call.destroy(new Error('no answer within 3 s')));
    call.on('error', (error) => resolve({ ok: false, why: `the engine at ${socketPath} does not answer (${error.message})` }));
    call.end();
  });
}

/** @throws Error where `STELE_RUNTIME` names no runtime. */
export async function checkForced(env: NodeJS.ProcessEnv): Promise<void> {
  const forced = env['STELE_RUNTIME'];
  if (forced !== undefined && forced !== 'docker' && forced !== 'process') throw new Error(`STELE_RUNTIME=${forced} is not known: use docker or process.`);
}

/**
 * The runtime of an installation that has data centers: theirs, whatever could be had now. A chain never moves from one to
 * another by itself.
 * @throws Error where `STELE_RUNTIME` asks for another, or child processes would run in production.
 */
export async function runtimeOfSites(sites: readonly KnownSite[], env: NodeJS.ProcessEnv): Promise<RuntimeChoice> {
  const first = sites[0] as KnownSite;
  const others = sites.length === 1 ? '' : ` (and ${sites.length - 1} more)`;
  const forced = env['STELE_RUNTIME'];
  if (forced !== undefined && !sites.some((site) => site.runtime === forced)) {
    throw new Error(`STELE_RUNTIME=${forced}, but this installation's data center ${first.name} runs on ${first.runtime} since its first start. Unset STELE_RUNTIME, use another STELE_HOME, or register a second data center.`);
  }
  const kind = first.runtime === 'docker' ? 'docker' : 'process';
  const choice: RuntimeChoice = { kind, why: `data center ${first.name}${others} runs on it since the first start` };
  if (kind === 'process') return refusedInProduction(choice, env);
  if (first.socketPath === undefined) return choice;
  const ping = await pingEngine(first.socketPath);
  return { ...choice, socketPath: first.socketPath, ...(ping.ok ? {} : { warning: `WARNING: ${ping.why}: chains there stand still until it does, and no new ones can be made.` }) };
}

/**
 * Docker where an engine answers, else child processes. `STELE_RUNTIME` forces either.
 * @throws Error with the remedy, when what is forced cannot be had, or child processes would run in production.
 */
export async function chooseRuntime(env: NodeJS.ProcessEnv): Promise<RuntimeChoice> {
  await checkForced(env);
  const forced = env['STELE_RUNTIME'];
  if (forced === 'process') return refusedInProduction({ kind: 'process', why: 'STELE_RUNTIME=process' }, env);
  const socketPath = socketOf(env);
  const ping = socketPath === undefined ? { ok: false as const, why: `DOCKER_HOST=${env['DOCKER_HOST']} is not a unix socket; register such an engine as a data center instead` } : await pingEngine(socketPath);
  if (ping.ok && socketPath !== undefined) {
    return { kind: 'docker', socketPath, why: forced === 'docker' ? 'STELE_RUNTIME=docker' : `an engine answers at ${socketPath}` };
  }
  const why = ping.ok ? '' : ping.why;
  if (forced === 'docker') throw new Error(`STELE_RUNTIME=docker, but ${why}. Start an engine (on Debian: apt-get install docker.io, then dockerd), or unset STELE_RUNTIME.`);
  return refusedInProduction({ kind: 'process', why }, env);
}

function refusedInProduction(choice: RuntimeChoice, env: NodeJS.ProcessEnv): RuntimeChoice {
  if (env['NODE_ENV'] === 'production') {
    throw new Error(`Child processes isolate nothing, so production mode refuses them (${choice.why}). Start a container engine, or leave NODE_ENV unset on a machine for trying things out.`);
  }
  return choice;
}
