import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { RpcBackend } from './backend.js';
import { Dispatcher } from './dispatch.js';
import { EventHub } from './events/hub.js';
import { FilterStore } from './events/filters.js';
import { answerHttp } from './http.js';
import { DEFAULT_LIMITS, type RpcLimits } from './limits.js';
import { METHODS } from './methods/table.js';
import { attachWebSockets } from './websocket.js';

export interface RpcOptions {
  /** Answers browsers of any origin. Off behind the gateway, which has its own rules; on for a development chain. */
  cors?: boolean;
  limits?: Partial<RpcLimits>;
  /** Told of failures that are ours (answered as -32603), with the method's name. */
  onFault?: (method: string, error: unknown) => void;
}

export interface RpcServer {
  /** Ends the WebSocket connections and the subscriptions; the HTTP server stays its owner's to close. */
  close(): void;
}

/** Mounts JSON-RPC on a server of its own: every POST and every WebSocket upgrade is taken, whatever the path. */
export function attachRpc(server: HttpServer | HttpsServer, backend: RpcBackend, options: RpcOptions = {}): RpcServer {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const hub = new EventHub(backend);
  const filters = new FilterStore(hub, limits);
  const dispatcher = new Dispatcher(METHODS, { backend, limits, hub, filters }, options.onFault ?? (() => undefined));
  const onRequest = answerHttp(dispatcher, { cors: options.cors ?? false, bodyBytes: limits.bodyBytes });
  server.on('request', onRequest);
  const sockets = attachWebSockets(server, dispatcher, limits);
  return {
    close: () => {
      server.off('request', onRequest);
      sockets.close();
      filters.close();
      hub.close();
    },
  };
}
