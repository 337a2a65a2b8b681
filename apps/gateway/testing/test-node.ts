import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { WebSocketServer } from 'ws';
import { makeIdentity, peerKey, type TlsIdentity } from '#sdk';

interface Call {
  id: unknown;
  method: string;
  params: unknown[];
}

const isCall = (call: unknown): boolean => typeof call === 'object' && call !== null && 'method' in call && !('id' in call && typeof call.id === 'object' && call.id !== null);

const quantity = (height: number): string => `0x${height.toString(16)}`;

/** The blocks of every test node are the same: a chain has one of each height. */
const headerAt = (height: number): Record<string, string> => ({ number: quantity(height), hash: `0x${height.toString(16).padStart(64, '0')}`, logsBloom: height % 2 === 0 ? '0x01' : '0x00' });

/**
 * A real TLS 1.3 listener with a pinned client, like a node's, that answers a little JSON-RPC. `known` is the pool that
 * the nodes of one chain share.
 */
export class TestNode {
  height = 10;
  /** Methods answered, newest last. */
  readonly calls: string[] = [];
  /** What to do with the next request instead of answering. */
  next: 'answer' | 'dieAfterAccepting' | 'fail' = 'answer';
  hanging = false;
  /** A query that finds more logs is refused, as a node refuses it. */
  maxLogs = 10_000;
  /** So many bytes more in every header. */
  padding = 0;
  /** So many characters of data in every log. */
  logData = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    readonly name: string,
    readonly publicKey: string,
    private readonly known: Set<string>,
    private readonly server: Server,
    private readonly webSockets: WebSocketServer,
  ) {}

  /** @param client the key that may connect; null takes any */
  static async start(name: string, client: Uint8Array | null, known = new Set<string>()): Promise<TestNode> {
    const identity: TlsIdentity = await makeIdentity(randomBytes(32));
    const server = createServer({
      key: identity.keyPem, cert: identity.certPem, minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: false,
    });
    const webSockets = new WebSocketServer({ noServer: true });
    const node = new TestNode(name, `0x${Buffer.from(identity.publicKey).toString('hex')}`, known, server, webSockets);
    server.on('secureConnection', (socket: TLSSocket) => {
      node.sockets.add(socket);
      socket.on('error', () => socket.destroy());
      if (client !== null && !Buffer.from(peerKey(socket)).equals(client)) socket.destroy();
    });
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const answer = node.answer(Buffer.concat(chunks).toString());
        if (answer === null) return;
        response.writeHead(answer === 'fail' ? 500 : 200, { 'content-type': 'application/json' }).end(answer);
      });
    });
    server.on('upgrade', (request, socket, head) => {
      webSockets.handleUpgrade(request, socket, head, (ws) => {
        ws.on('message', (data) => {
          const answer = node.answer(String(data));
          if (answer !== null) ws.send(answer);
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return node;
  }

  get endpoint(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** So many blocks more, each told to whoever subscribed to heads. */
  grow(blocks: number): void {
    for (let i = 0; i < blocks; i++) {
      this.height += 1;
      const params = { subscription: 'heads', result: { ...headerAt(this.height), extraData: 'x'.repeat(this.padding) } };
      for (const client of this.webSockets.clients) client.send(JSON.stringify({ jsonrpc: '2.0', method: 'eth_subscription', params }));
    }
  }

  /** Sends this to whoever listens, as no honest node would. */
  say(text: string): void {
    for (const client of this.webSockets.clients) client.send(text);
  }

  /** As a crash does it: every connection is reset, the port is closed. */
  async kill(): Promise<void> {
    for (const client of this.webSockets.clients) client.terminate();
    for (const socket of this.sockets) socket.destroy();
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private answer(text: string): string | null {
    if (this.hanging) return null;
    const parsed = JSON.parse(text) as Call | Call[];
    const replies = (Array.isArray(parsed) ? parsed : [parsed]).map((call) => (isCall(call) ? this.reply(call) : { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'invalid request' } }));
    if (this.next === 'fail') return 'fail';
    if (this.next === 'dieAfterAccepting' && text.includes('sendRaw')) {
      void this.kill();
      return null;
    }
    return JSON.stringify(Array.isArray(parsed) ? replies : replies[0]);
  }

  /** One log in every even block. */
  private logs({ fromBlock, toBlock }: { fromBlock: string; toBlock: string }): unknown[] {
    const heights = Array.from({ length: Math.max(0, Math.min(this.height, Number(toBlock)) - Number(fromBlock) + 1) }, (_, index) => Number(fromBlock) + index);
    return heights.filter((height) => height % 2 === 0).map((height) => ({ address: `0x${'ab'.repeat(20)}`, topics: [], ...(this.logData === 0 ? {} : { data: `0x${'0'.repeat(this.logData)}` }), blockNumber: quantity(height), logIndex: '0x0' }));
  }

  private reply({ id, method, params }: Call): Record<string, unknown> {
    this.calls.push(method);
    const result = (value: unknown): Record<string, unknown> => ({ jsonrpc: '2.0', id, result: value });
    if (method === 'eth_blockNumber') return result(`0x${this.height.toString(16)}`);
    if (method === 'eth_subscribe') return result('heads');
    if (method === 'eth_getBlockByNumber') return result(Number(params[0]) > this.height ? null : { ...headerAt(Number(params[0])), size: '0x1', uncles: [], transactions: [] });
    if (method === 'eth_getLogs') {
      const found = this.logs(params[0] as { fromBlock: string; toBlock: string });
      return found.length <= this.maxLogs ? result(found) : { jsonrpc: '2.0', id, error: { code: -32005, message: 'query exceeds max results' } };
    }
    if (method === 'eth_getBlockReceipts') return result([{ logs: this.logs({ fromBlock: String(params[0]), toBlock: String(params[0]) }) }]);
    if (method === 'name') return result(this.name);
    if (method === 'eth_getTransactionByHash') return result(this.known.has(String(params[0])) ? { hash: params[0] } : null);
    if (method === 'eth_sendRawTransaction') {
      // keccak256 of 0x01; the test sends nothing else.
      const hash = '0x5fe7f977e71dba2ea1a68e21057beebb9be2ac30c6410aa38d4f3fbe41dcffd2';
      if (this.known.has(hash)) return { jsonrpc: '2.0', id, error: { code: -32000, message: 'nonce too low' } };
      this.known.add(hash);
      return result(hash);
    }
    return { jsonrpc: '2.0', id, error: { code: -32601, message: 'no such method' } };
  }
}
