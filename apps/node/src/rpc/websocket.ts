import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { Dispatcher } from './dispatch.js';
import { ConnectionSubscriptions } from './events/subscriptions.js';
import type { RpcLimits } from './limits.js';

/** A connection that answers no ping for so long is dead. */
const PING_INTERVAL_MS = 30_000;
const CLOSE_GOING_AWAY = 1001;
const CLOSE_TRY_LATER = 1013;

/** Takes the upgrades of a server. One message is one request or batch; subscriptions live as long as their connection. */
export function attachWebSockets(server: HttpServer | HttpsServer, dispatcher: Dispatcher, limits: RpcLimits): { close(): void } {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.bodyBytes, perMessageDeflate: false });
  const alive = new WeakSet<WebSocket>();
  sockets.on('connection', (socket: WebSocket) => {
    alive.add(socket);
    socket.on('pong', () => alive.add(socket));
    serve(socket, dispatcher, limits);
  });
  const onUpgrade = (request: IncomingMessage, duplex: Duplex, head: Buffer): void => {
    sockets.handleUpgrade(request, duplex, head, (socket) => {
      if (sockets.clients.size > limits.connections) socket.close(CLOSE_TRY_LATER, 'too many connections');
      else sockets.emit('connection', socket, request);
    });
  };
  server.on('upgrade', onUpgrade);
  const pinger = setInterval(() => {
    for (const socket of sockets.clients) {
      if (!alive.delete(socket)) socket.terminate();
      else socket.ping();
    }
  }, PING_INTERVAL_MS);
  pinger.unref();
  return {
    close: () => {
      clearInterval(pinger);
      server.off('upgrade', onUpgrade);
      for (const socket of sockets.clients) socket.close(CLOSE_GOING_AWAY, 'the node is stopping');
      sockets.close();
    },
  };
}

function serve(socket: WebSocket, dispatcher: Dispatcher, limits: RpcLimits): void {
  const { hub, backend } = dispatcher.services;
  const send = (message: string): void => {
    if (socket.readyState !== socket.OPEN) return;
    // Who does not read would have the node keep everything for it.
    if (socket.bufferedAmount > limits.socketBacklogBytes) socket.terminate();
    else socket.send(message);
  };
  const subscriptions = new ConnectionSubscriptions(hub, limits.subscriptionsPerConnection, send, (error) => {
    dispatcher.onFault('eth_subscription', error);
    socket.terminate();
  });
  socket.on('message', (message: RawData) => {
    const sink = subscriptions.sinkForRequest();
    void dispatcher.answer(textOf(message), sink).then((answer) => {
      if (answer !== null) send(answer);
      sink.release(backend.chain());
    });
  });
  socket.on('close', () => subscriptions.close());
  socket.on('error', () => socket.terminate());
}

function textOf(message: RawData): string {
  if (Array.isArray(message)) return Buffer.concat(message).toString('utf8');
  return Buffer.isBuffer(message) ? message.toString('utf8') : Buffer.from(message).toString('utf8');
}
