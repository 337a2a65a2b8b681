import { Pool, type Dispatcher } from 'undici';
import type { TlsIdentity } from '#sdk';
import { NodeLink, type NodeAddress } from './node-link.js';
import { afterFailure, afterSuccess, newHealth, type UpstreamHealth } from './upstream.rules.js';

export const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
/** Longer than the longest answer of a node takes (a batch's 20 s, then 5 s of waiting and 30 s of tracing); a dead node is found by the probe. */
const CALL_TIMEOUT_MS = 60_000;
/** The pool's own bounds come after ours. */
const POOL_TIMEOUT_MS = CALL_TIMEOUT_MS + 5_000;
const PROBE_TIMEOUT_MS = 1_000;
/** So many failures in a row, and calls that still wait are given up, so that they go on elsewhere. */
const GIVE_UP_AFTER = 3;
const PROBE = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}');

/** The node lives, as its probes say, and has not answered this call in all the time that a call may take: no other is asked. */
export class CallTookTooLong extends Error {}

const isTimeout = (error: unknown): boolean => typeof error === 'object' && error !== null && 'name' in error && error.name === 'TimeoutError';

export interface RpcAnswer {
  status: number;
  contentType: string;
  body: Buffer;
}

/** One node's JSON-RPC endpoint: its connections and its health. */
export class Upstream {
  readonly link: NodeLink;
  health: UpstreamHealth;
  private pool: Pool;

  constructor(
    address: NodeAddress,
    identity: TlsIdentity,
    private readonly callTimeoutMs: number = CALL_TIMEOUT_MS,
  ) {
    this.link = new NodeLink(address, identity);
    this.health = newHealth(address.nodeId);
    this.pool = this.newPool();
  }

  private newPool(): Pool {
    return new Pool('https://node.invalid', {
      connections: 64,
      pipelining: 1,
      headersTimeout: POOL_TIMEOUT_MS,
      bodyTimeout: POOL_TIMEOUT_MS,
      maxResponseSize: MAX_ANSWER_BYTES,
      allowH2: false,
      connect: (_options, callback) => {
        this.link.open().then(
          (socket) => callback(null, socket),
          (error: Error) => callback(error, null),
        );
      },
    });
  }

  /** @throws CallTookTooLong; Error where the node does not answer properly: that failure is noted. */
  async call(body: Buffer, timeoutMs: number = this.callTimeoutMs): Promise<RpcAnswer> {
    try {
      const response = await this.pool.request({
        method: 'POST',
        path: '/',
        headers: { 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(timeoutMs),
      });
      const answer = await readAnswer(response);
      if (answer.status >= 500) throw new Error(`node ${this.health.nodeId} answered ${answer.status}`);
      this.health = afterSuccess(this.health, null);
      return answer;
    } catch (error) {
      // What takes a living node so long takes the next one as long.
      if (timeoutMs === this.callTimeoutMs && isTimeout(error)) throw new CallTookTooLong(`the node did not answer within ${timeoutMs / 1000} seconds: ask for less at once`, { cause: error });
      this.noteFailure();
      throw error;
    }
  }

  /** Asks for the height; what it finds stands in `health`. Never throws. */
  async probe(): Promise<void> {
    try {
      const answer = await this.call(PROBE, PROBE_TIMEOUT_MS);
      const { result } = JSON.parse(answer.body.toString('utf8')) as { result?: unknown };
      if (typeof result === 'string') this.health = afterSuccess(this.health, Number(BigInt(result)));
    } catch {
      // `call` noted the failure, or the answer was no height: then the old one stands.
    }
  }

  noteFailure(): void {
    this.health = afterFailure(this.health, Date.now());
    if (this.health.failures === GIVE_UP_AFTER) {
      const stuck = this.pool;
      this.pool = this.newPool();
      void stuck.destroy(new Error(`node ${this.health.nodeId} stopped answering`));
    }
  }

  /** Its address or its place in the chain has changed: what is under way may finish. */
  retire(): void {
    void this.pool.close();
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }
}

async function readAnswer(response: Dispatcher.ResponseData): Promise<RpcAnswer> {
  const contentType = response.headers['content-type'];
  return {
    status: response.statusCode,
    contentType: typeof contentType === 'string' ? contentType : 'application/json',
    body: Buffer.from(await response.body.arrayBuffer()),
  };
}
