import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { WebSocketServer, type WebSocket } from 'ws';
import { CodedError, newId } from '#contracts';
import { problemOf, toCodedError } from '../http/problem.rules.js';
import type { Feeds } from './feed/feeds.js';
import type { RpcForwarder } from './forwarder.js';
import { takeKeyFromPath } from './key-in-path.js';
import type { OwnCalls } from './own-calls.js';
import type { ChainAccess, RpcAccess } from './rpc-access.js';
import { MAX_RPC_BODY_BYTES } from './rpc-http.js';
import { DEFAULT_SESSION_LIMITS, SocketSession } from './socket-session.js';
import { TenantPlaces } from '../http/tenant-places.js';
import type { Upstreams } from './upstreams.js';

const MAX_SOCKETS = 5_000;
/** That no tenant takes the places of all others. */
const MAX_SOCKETS_PER_TENANT = 1_000;
/** Of what the sockets of one tenant have not read: where there are many, each may keep less waiting. */
const MAX_TENANT_BACKLOG_BYTES = 1024 * 1024 * 1024;
/** How often it is asked again whether the caller still may. */
const RECHECK_MS = 10_000;
/** RFC 6455, section 7.4.1, and the IANA registry. */
const CLOSE_POLICY = 1008;
const CLOSE_GOING_AWAY = 1001;
/** What a socket is opened with: whether any node answers. */
const HELLO = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}');

/** What the sockets of all chains share. */
export interface SocketServices {
  access: RpcAccess;
  upstreams: Upstreams;
  forwarder: RpcForwarder;
  feeds: Feeds;
  calls: OwnCalls;
}

/** JSON-RPC over WebSocket on `/rpc/{chainId}`: a socket outlives the node that answers it. */
export class RpcWebSockets {
  private readonly server = new WebSocketServer({ noServer: true, maxPayload: MAX_RPC_BODY_BYTES, perMessageDeflate: false, clientTracking: true });
  private opening = 0;
  /** Open and opening. */
  private readonly places = new TenantPlaces(MAX_SOCKETS_PER_TENANT);

  constructor(
    private readonly services: SocketServices,
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
    takeKeyFromPath(request);
    const chainId = /^\/rpc\/([^/?]+)(?:\?|$)/.exec(request.url ?? '')?.[1];
    if (chainId === undefined) throw new CodedError('not_found');
    const { access, forwarder, upstreams, calls, feeds } = this.services;
    const granted = await access.grant(chainId, request.headers);
    if (this.server.clients.size + this.opening >= MAX_SOCKETS) throw new CodedError('rate_limited', 'too many open sockets', { retryAfterSeconds: 5 });
    if (socket.destroyed) return;
    const leave = this.places.take(granted.tenantId);
    if (leave === null) {
      throw new CodedError('rate_limited', `too many open sockets: at most ${this.places.mostPerTenant} for one tenant; a socket takes 100 subscriptions`, { retryAfterSeconds: 5 });
    }
    // The connection under the WebSocket ends with it, or without one.
    socket.once('close', leave);
    this.opening += 1;
    try {
      await forwarder.forward(granted, HELLO);
    } catch (error) {
      this.logger.debug({ err: error, chainId }, 'no node for a socket');
      throw error;
    } finally {
      this.opening -= 1;
    }
    if (socket.destroyed) return;
    let last = granted;
    // Where the database does not answer for a while, what was granted stands; the recheck ends it once it is refused.
    const renew = async (): Promise<ChainAccess> => {
      last = await access.grant(chainId, request.headers).catch((error: unknown) => {
        if (toCodedError(error).status < 500) throw error;
        if (last.expiresAtMs <= Date.now()) throw new CodedError('token_expired', undefined, { cause: error });
        return last;
      });
      return last;
    };
    this.server.handleUpgrade(request, socket, head, (client) => {
      new SocketSession(client, renew, calls, feeds, ({ client: name }, nodeId) => upstreams.served(chainId, name, nodeId), DEFAULT_SESSION_LIMITS, () => MAX_TENANT_BACKLOG_BYTES / Math.max(1, this.places.heldBy(granted.tenantId)));
      this.recheck(client, chainId, request);
    });
  }

  /** A key may be revoked, a membership end, a token expire while the socket is open. */
  private recheck(client: WebSocket, chainId: string, request: IncomingMessage): void {
    const timer = setInterval(() => {
      this.services.access.grant(chainId, request.headers).catch((error: unknown) => {
        const coded = toCodedError(error);
        if (coded.status < 500) client.close(CLOSE_POLICY, coded.code);
      });
    }, RECHECK_MS);
    timer.unref();
    client.once('close', () => clearInterval(timer));
  }
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
