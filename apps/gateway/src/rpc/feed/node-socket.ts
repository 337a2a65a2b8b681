import { WebSocket, type RawData } from 'ws';
import { RpcError } from '../rpc-error.js';
import { MAX_ANSWER_BYTES, type Upstream } from '../upstream.js';

const OPEN_TIMEOUT_MS = 5_000;
const CALL_TIMEOUT_MS = 10_000;
/** A node that answers no ping for so long is left; a killed one is noticed at once, by its connection. */
const PING_MS = 3_000;

interface Waiting {
  /** Called before anything that the node says after its answer. */
  answered(result: unknown): void;
  failed(error: Error): void;
  timer: NodeJS.Timeout;
}

interface NodeMessage {
  id?: unknown;
  result?: unknown;
  error?: { code: number; message: string; data?: unknown };
  method?: unknown;
  params?: { subscription?: unknown; result?: unknown };
}

/** A WebSocket to one node: calls, and subscriptions that live as long as it does. Once it is gone it stays gone. */
export class NodeSocket {
  private nextId = 1;
  private readonly waiting = new Map<number, Waiting>();
  private readonly topics = new Map<string, (result: unknown) => void>();
  private readonly pinger: NodeJS.Timeout;
  private alive = true;
  readonly gone: Promise<void>;

  private constructor(
    readonly upstream: Upstream,
    private readonly socket: WebSocket,
  ) {
    socket.on('message', (data) => this.hear(data));
    socket.on('error', () => socket.terminate());
    socket.on('pong', () => (this.alive = true));
    this.gone = new Promise((resolve) => socket.once('close', () => {
      this.end();
      resolve();
    }));
    this.pinger = setInterval(() => {
      if (!this.alive) return socket.terminate();
      this.alive = false;
      socket.ping();
    }, PING_MS);
    this.pinger.unref();
  }

  /** @throws Error where the node takes no connection. */
  static async open(upstream: Upstream): Promise<NodeSocket> {
    const tls = await upstream.link.open();
    return new Promise((resolve, reject) => {
      const options = { createConnection: () => tls, perMessageDeflate: false, maxPayload: MAX_ANSWER_BYTES, handshakeTimeout: OPEN_TIMEOUT_MS };
      const socket = new WebSocket('ws://node.invalid/', options);
      socket.on('error', reject);
      tls.once('error', reject);
      tls.once('close', () => reject(new Error('the node closed the connection')));
      socket.once('open', () => resolve(new NodeSocket(upstream, socket)));
    });
  }

  /** @throws RpcError as the node answers, Error where it does not. */
  call(method: string, params: unknown[]): Promise<unknown> {
    return this.request(method, params, () => undefined);
  }

  async subscribe(params: unknown[], listener: (result: unknown) => void): Promise<void> {
    await this.request('eth_subscribe', params, (id) => this.topics.set(String(id), listener));
  }

  terminate(): void {
    this.socket.terminate();
  }

  private request(method: string, params: unknown[], onAnswer: (result: unknown) => void): Promise<unknown> {
    if (this.socket.readyState !== WebSocket.OPEN) return Promise.reject(new Error('the node went away'));
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.terminate(), CALL_TIMEOUT_MS);
      const answered = (result: unknown): void => {
        onAnswer(result);
        resolve(result);
      };
      this.waiting.set(id, { answered, failed: reject, timer });
      this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  private hear(data: RawData): void {
    try {
      this.take(JSON.parse(String(data)) as NodeMessage);
    } catch {
      // What no honest node says, be it the message or a header without a number: nobody else would catch it.
      this.terminate();
    }
  }

  private take(message: NodeMessage): void {
    if (message.method === 'eth_subscription') {
      this.topics.get(String(message.params?.subscription))?.(message.params?.result);
      return;
    }
    const waiting = this.waiting.get(Number(message.id));
    if (waiting === undefined) return;
    this.waiting.delete(Number(message.id));
    clearTimeout(waiting.timer);
    const { error } = message;
    if (error === undefined) waiting.answered(message.result);
    else waiting.failed(new RpcError(error.code, error.message, error.data));
  }

  private end(): void {
    clearInterval(this.pinger);
    for (const { failed, timer } of this.waiting.values()) {
      clearTimeout(timer);
      failed(new Error('the node went away'));
    }
    this.waiting.clear();
    this.topics.clear();
  }
}
