import { createHmac, timingSafeEqual } from 'node:crypto';
import { request } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { ENROL_EXPORTER_BYTES, ENROL_EXPORTER_LABEL, enrolClientInput, enrolPossessionBytes, enrolServerInput, fromHex, toHex, verify } from '#ledger';
import type { TlsIdentity } from './identity.js';
import { connectPinned, peerKey } from './pinned-tls.js';

export interface NodeStatusReport {
  phase: 'waiting' | 'running' | 'syncing' | 'halted';
  publicKey: string;
  genesisHash: string | null;
  height: number;
  headHash: string | null;
  headTimeMs: number | null;
  peers: number;
  version: string;
  protocolVersion: number;
  uptimeMs: number;
  /** Why it is halted. */
  reason?: string;
}

/** `host:port`s of each peer, by raw public key in hex. */
export type PeerEndpoints = Record<string, string[]>;

/** A node's refusal, by its stable code. */
export class NodeControlError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'NodeControlError';
  }
}

export interface ControlTarget {
  /** `host:port`s of the control listener, the best first. */
  endpoints: readonly string[];
  /** The node's key; null only before enrolment. */
  publicKey: Uint8Array | null;
}

const DEFAULT_TIMEOUT_MS = 5000;

/** The provisioner's side of a node's control listener. Every call opens a connection of its own, and ends in time. */
export class ControlClient {
  constructor(
    private readonly identity: TlsIdentity,
    private readonly target: ControlTarget,
    private readonly timeoutMs = DEFAULT_TIMEOUT_MS,
  ) {}

  status(): Promise<NodeStatusReport> {
    return this.call('GET', '/v1/status');
  }

  /** Idempotent; a node that has another genesis refuses with code `otherGenesis`. */
  putGenesis(genesisFile: unknown, endpoints: PeerEndpoints): Promise<NodeStatusReport> {
    return this.call('PUT', '/v1/genesis', { genesisFile, endpoints });
  }

  putEndpoints(endpoints: PeerEndpoints): Promise<unknown> {
    return this.call('PUT', '/v1/endpoints', { endpoints });
  }

  /** The node's figures in Prometheus' text format. */
  async metrics(): Promise<string> {
    return this.call('GET', '/v1/metrics');
  }

  /**
   * What the node's key signs for Consortium: `register` for registerNode, `activate` (with the newest block) for activate and rotateNode.
   * @param member its id in the Consortium contract.
   */
  binding(member: number, purpose: 'register' | 'activate'): Promise<{ publicKey: string; height: string; proof: string }> {
    return this.call('POST', '/v1/binding', { member, purpose });
  }

  drain(): Promise<unknown> {
    return this.call('POST', '/v1/drain', {});
  }

  /**
   * Proves to know the node's secret, and learns the node's key, over one TLS session. Answers the raw public key only if
   * the other end knows the secret too, holds that key, and showed it in the handshake.
   */
  async enrol(secret: string): Promise<Uint8Array> {
    const socket = await this.open();
    const exporter = socket.exportKeyingMaterial(ENROL_EXPORTER_BYTES, ENROL_EXPORTER_LABEL, Buffer.alloc(0));
    const shown = peerKey(socket);
    const answer = await this.exchange<{ publicKey: string; serverProof: string; possession: string }>(socket, 'POST', '/v1/enrol', {
      clientProof: toHex(hmac(secret, enrolClientInput(exporter))),
    });
    const publicKey = fromHex(answer.publicKey);
    const expected = hmac(secret, enrolServerInput(exporter, publicKey));
    const given = Buffer.from(fromHex(answer.serverProof));
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new Error('the node does not know its enrolment secret: something else answers there');
    if (!Buffer.from(shown).equals(publicKey)) throw new Error('the node names another key than its TLS certificate holds');
    if (!verify(publicKey, enrolPossessionBytes(exporter, publicKey), fromHex(answer.possession))) throw new Error('the node did not prove that it holds its key');
    return publicKey;
  }

  private async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    if (this.target.publicKey === null) throw new Error('only enrolment may talk to a node whose key is not known');
    return this.exchange(await this.open(), method, path, body);
  }

  private async open(): Promise<TLSSocket> {
    let last: unknown = new Error('the node has no control endpoint');
    for (const endpoint of this.target.endpoints) {
      try {
        return await connectPinned(endpoint, this.identity, this.target.publicKey, this.timeoutMs);
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  private exchange<T>(socket: TLSSocket, method: string, path: string, body?: unknown): Promise<T> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise<T>((resolve, reject) => {
      const headers = { host: 'node', connection: 'close', ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }) };
      const call = request({ method, path, headers, createConnection: () => socket, signal: AbortSignal.timeout(this.timeoutMs) }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          try {
            const text = Buffer.concat(chunks).toString('utf8');
            const isJson = (response.headers['content-type'] ?? '').startsWith('application/json');
            const answer = (isJson || text === '' ? JSON.parse(text || '{}') : text) as T & { code?: string; message?: string };
            const status = response.statusCode ?? 0;
            if (status >= 200 && status < 300) resolve(answer);
            else reject(new NodeControlError(status, answer.code ?? 'unknown', answer.message ?? `the node answered ${status}`));
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        });
      });
      call.on('error', reject);
      call.end(text);
    }).finally(() => socket.destroy());
  }
}

function hmac(secret: string, input: Uint8Array): Buffer {
  return createHmac('sha256', Buffer.from(secret, 'base64url')).update(input).digest();
}
