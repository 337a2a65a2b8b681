import { WebSocket, type RawData } from 'ws';

/** So many bytes wait for a slow reader before the other side is paused. */
const HIGH_WATER_BYTES = 1024 * 1024;
const DRAIN_POLL_MS = 20;
const PING_MS = 20_000;
/** "Service Restart" in the IANA registry of close codes: clients connect again, and get a live node. */
export const CLOSE_RESTART = 1012;
const NORMAL = 1000;

/** Codes that may not be sent: RFC 6455, section 7.4.1. */
function sendable(code: number): number {
  return code === 1005 || code === 1006 || code === 1015 || code < 1000 ? NORMAL : code;
}

function relay(from: WebSocket, to: WebSocket): void {
  from.on('message', (data: RawData, isBinary: boolean) => {
    if (to.readyState !== WebSocket.OPEN) return;
    to.send(data, { binary: isBinary });
    if (to.bufferedAmount <= HIGH_WATER_BYTES) return;
    from.pause();
    const timer = setInterval(() => {
      if (to.readyState === WebSocket.OPEN && to.bufferedAmount > HIGH_WATER_BYTES / 2) return;
      clearInterval(timer);
      from.resume();
    }, DRAIN_POLL_MS);
  });
}

/** Ends a connection whose other side has not answered the last ping. */
function keepAlive(socket: WebSocket): void {
  let answered = true;
  socket.on('pong', () => (answered = true));
  const timer = setInterval(() => {
    if (!answered) {
      socket.terminate();
      return;
    }
    answered = false;
    socket.ping();
  }, PING_MS);
  timer.unref();
  socket.once('close', () => clearInterval(timer));
}

/**
 * Ties a client's socket to a node's, both ways. When the node's side ends, for whatever reason, the client is told
 * `1012`: connect again. Subscriptions live on the node, so they end with it.
 *
 * @param node open and paused
 */
export function bridge(client: WebSocket, node: WebSocket): void {
  relay(client, node);
  relay(node, client);
  keepAlive(client);
  keepAlive(node);
  client.on('error', () => client.terminate());
  node.on('error', () => node.terminate());
  client.once('close', (code) => {
    if (node.readyState === WebSocket.OPEN) node.close(sendable(code));
    else node.terminate();
  });
  node.once('close', () => client.close(CLOSE_RESTART, 'the node went away: connect again'));
  // It may have gone while the client shook hands.
  if (node.readyState !== WebSocket.OPEN) client.close(CLOSE_RESTART, 'the node went away: connect again');
  else node.resume();
}
