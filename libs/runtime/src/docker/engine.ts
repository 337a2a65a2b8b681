import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import Docker from 'dockerode';
import { callSignal, throwIfEnded } from '../call.js';
import { RuntimeError } from '../errors.js';
import type { CallOptions } from '../port.js';

/** How an engine is reached: a local socket, or TCP with mutual TLS (PEM texts). Plain TCP is root for anyone, and refused. */
export type DockerConnection = { socketPath: string } | { host: string; port: number; ca: string; cert: string; key: string };

interface DialOptions {
  abortSignal?: AbortSignal;
}
interface Modem {
  dial(options: DialOptions, callback: (error: unknown, data: unknown) => void): void;
}

/** Codes of Node's network errors that mean: the engine did not answer. */
const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE', 'EACCES', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'ETIMEDOUT', 'EAI_AGAIN', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ERR_TLS_CERT_ALTNAME_INVALID', 'EPROTO']);

/** Of what an engine says in words alone: the engine gives these no code, so this one file reads its messages. */
const CONFLICT = /already allocated|already in use|address already in use|cannot assign requested address|pool overlaps|overlaps with|active endpoints|is in use|conflicts? with|in progress/i;
const EXHAUSTED = /no space left|no available|non-overlapping|cannot allocate memory|could not find an available|insufficient/i;

/** Any failure of an engine's call as a RuntimeError. */
export function toRuntimeError(error: unknown, what: string, signal: AbortSignal): RuntimeError {
  if (error instanceof RuntimeError) return error;
  if (signal.aborted) return new RuntimeError('Timeout', `${what}: no answer in time, or the caller gave up. It may have happened all the same.`, { cause: error });
  const { statusCode, code, message, json } = error as { statusCode?: number; code?: string; message?: string; json?: { message?: string } };
  const said = json?.message ?? message ?? String(error);
  if (statusCode === undefined && code !== undefined && (UNREACHABLE.has(code) || code.startsWith('ERR_SSL'))) return new RuntimeError('Unreachable', `${what}: the engine does not answer (${code}: ${said}).`, { cause: error });
  if (EXHAUSTED.test(said)) return new RuntimeError('Exhausted', `${what}: ${said}`, { cause: error });
  if (CONFLICT.test(said) || statusCode === 409) return new RuntimeError('Conflict', `${what}: ${said}`, { cause: error });
  if (statusCode === 404) return new RuntimeError('NotFound', `${what}: ${said}`, { cause: error });
  return new RuntimeError('Failed', `${what}: ${said}`, { cause: error });
}

/** One engine. Every request made through `call` carries its signal, whether or not dockerode's method knows of signals. */
export class Engine {
  private readonly agent: HttpAgent;

  constructor(private readonly connection: DockerConnection) {
    this.agent = 'socketPath' in connection ? new HttpAgent({ keepAlive: true, maxSockets: 32 }) : new HttpsAgent({ keepAlive: true, maxSockets: 32 });
  }

  /** For people; never a secret. */
  get endpoint(): string {
    return 'socketPath' in this.connection ? `unix:${this.connection.socketPath}` : `tcp://${this.connection.host}:${this.connection.port}`;
  }

  /**
   * @param what for the error's message, e.g. "starting node n1".
   * @throws RuntimeError
   */
  async call<T>(what: string, options: CallOptions | undefined, defaultTimeoutMs: number, work: (docker: Docker, signal: AbortSignal) => Promise<T>): Promise<T> {
    const signal = callSignal(options, defaultTimeoutMs);
    throwIfEnded(signal, what);
    try {
      return await work(this.client(signal), signal);
    } catch (error) {
      throw toRuntimeError(error, `${what} at ${this.endpoint}`, signal);
    }
  }

  private client(signal: AbortSignal): Docker {
    // Everything is named, because dockerode fills gaps from DOCKER_HOST and its siblings, which may mean another engine.
    const to = this.connection;
    const own: Docker.DockerOptions =
      'socketPath' in to
        ? { socketPath: to.socketPath, host: undefined, port: undefined, ca: undefined, cert: undefined, key: undefined, protocol: 'http' }
        : { socketPath: undefined, host: to.host, port: to.port, ca: to.ca, cert: to.cert, key: to.key, protocol: 'https' };
    const options = { ...own, timeout: undefined, agent: this.agent };
    const docker = new Docker(options);
    const modem = docker.modem as Modem;
    const dial = modem.dial.bind(modem);
    modem.dial = (options, callback) => dial({ ...options, abortSignal: options.abortSignal ?? signal }, callback);
    return docker;
  }

  close(): void {
    this.agent.destroy();
  }
}

/** Undefined instead of an error for what is not there. */
export async function orMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/** Start of what runs answers 304, as does stop of what is stopped: both are what was wanted. */
export async function orUnchanged(promise: Promise<unknown>): Promise<void> {
  try {
    await promise;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 304) throw error;
  }
}
