import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { WebSocket, WebSocketServer } from 'ws';
import { CodedError, newId } from '#contracts';
import { problemOf, toCodedError } from '../http/problem.rules.js';
import { MAX_RPC_BODY_BYTES } from './rpc-http.js';
import type { ChainAccess, RpcAccess } from './rpc-access.js';
import { bridge } from './socket-bridge.js';
import { MAX_ANSWER_BYTES, type Upstream } from './upstream.js';
import type { Upstreams } from './upstreams.js';

const MAX_SOCKETS = 5_000;
const MAX_ATTEMPTS = 5;
const OPEN_TIMEOUT_MS = 5_000;
/** How often it is asked again whether the caller still may. */
const RECHECK_MS = 30_000;
/** RFC 6455, section 7.4.1, and the IANA registry. */
const CLOSE_POLICY = 1008;
const CLOSE_GOING_AWAY = 1001;

/** JSON-RPC over WebSocket on `/rpc/{chainId}`: each client's socket is tied to one on a node. */
export class RpcWebSockets {
  private readonly server = new WebSocketServer({ noServer: true, maxPayload: MAX_RPC_BODY_BYTES, perMessageDeflate: false, clientTracking: true });
  private opening = 0;

  constructor(
    private readonly access: RpcAccess,
    private readonly upstreams: Upstreams,
    private readonly logger: Logger,
  ) {}

  attach(http: Server): void {
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      this.upgrade(request, socket, head).catch((error: unknown) => refuse(socket, error));
    });
  }

  close(): void {
    for (const client of this.server.clients) client.close(CLOSE_GOING_AWAY, 'the gateway stops');
    this.server.close();
  }

  /** Ends sockets whose other side does not answer the close. */
  terminate(): void {
    for (const client of this.server.clients) client.terminate();
  }

  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const chainId = /^\/rpc\/([^/?]+)(?:\?|$)/.exec(request.url ?? '')?.[1];
    if (chainId === undefined) throw new CodedError('not_found');
    const granted = await this.access.grant(chainId, request.headers);
    if (this.server.clients.size + this.opening >= MAX_SOCKETS) throw new CodedError('rate_limited', 'too many open sockets', { retryAfterSeconds: 5 });
    this.opening += 1;
    let node: WebSocket;
    try {
      node = await this.openNode(granted);
    } finally {
      this.opening -= 1;
    }
    if (socket.destroyed) {
      node.terminate();
      return;
    }
    let bridged = false;
    // A handshake that the client spoils never calls back; the node's socket must not outlive it.
    socket.once('close', () => {
      if (!bridged) node.terminate();
    });
    this.server.handleUpgrade(request, socket, head, (client) => {
      bridged = true;
      bridge(client, node);
      this.recheck(client, chainId, request);
    });
  }

  private async openNode(granted: ChainAccess): Promise<WebSocket> {
    let last: unknown;
    for (const upstream of this.upstreams.candidates(granted.chainId, granted.nodes, granted.client).slice(0, MAX_ATTEMPTS)) {
      try {
        const node = await openSocket(upstream);
        this.upstreams.served(granted.chainId, granted.client, upstream.health.nodeId);
        return node;
      } catch (error) {
        upstream.noteFailure();
        last = error;
      }
    }
    this.logger.warn({ err: last, chainId: granted.chainId }, 'no node takes a socket');
    throw new CodedError('no_live_node', undefined, { cause: last, retryAfterSeconds: 1 });
  }

  /** A key may be revoked, a membership end, a token expire while the socket is open. */
  private recheck(client: WebSocket, chainId: string, request: IncomingMessage): void {
    const timer = setInterval(() => {
      this.access.grant(chainId, request.headers).catch((error: unknown) => {
        const coded = toCodedError(error);
        if (coded.status < 500) client.close(CLOSE_POLICY, coded.code);
      });
    }, RECHECK_MS);
    timer.unref();
    client.once('close', () => clearInterval(timer));
  }
}

async function openSocket(upstream: Upstream): Promise<WebSocket> {
  const tls = await upstream.link.open();
  return new Promise((resolve, reject) => {
    const node = new WebSocket('ws://node.invalid/', { createConnection: () => tls, perMessageDeflate: false, maxPayload: MAX_ANSWER_BYTES, handshakeTimeout: OPEN_TIMEOUT_MS });
    // Nothing that the node says between its handshake and the client's may be lost.
    node.once('open', () => {
      node.pause();
      resolve(node);
    });
    node.on('error', reject);
    tls.once('error', reject);
  });
}

/** An answer to an upgrade that does not happen is a plain HTTP response. */
function refuse(socket: Duplex, error: unknown): void {
  const coded = toCodedError(error);
  const requestId = newId('request');
  const body = JSON.stringify(problemOf(coded, requestId));
  const head = [
    `HTTP/1.1 ${coded.status} Refused`, 'connection: close', 'content-type: application/problem+json', `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`, ...(coded.status === 401 ? ['www-authenticate: Bearer realm="stele"'] : []),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
