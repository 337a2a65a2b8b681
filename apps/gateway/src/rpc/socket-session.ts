import { randomBytes } from 'node:crypto';
import { WebSocket, type RawData } from 'ws';
import { CodedError } from '#contracts';
import type { Feeds } from './feed/feeds.js';
import { valuesOf } from './feed/log-criteria.rules.js';
import { topicOf } from './feed/topic.rules.js';
import type { OwnCalls, SubscriptionSink } from './own-calls.js';
import { isId, messagesOf } from './retry.rules.js';
import type { ChainAccess } from './rpc-access.js';
import { CODES, limitExceeded, serverError } from './rpc-error.js';

export interface SessionLimits {
  subscriptions: number;
  /** Addresses and topics of all its subscriptions together. */
  values: number;
  /** Calls that are being answered for one connection; it is not read from while there are so many. */
  callsInFlight: number;
  /** A client that reads more slowly than this much piles up is disconnected. */
  backlogBytes: number;
}

export const DEFAULT_SESSION_LIMITS: SessionLimits = { subscriptions: 100, values: 10_000, callsInFlight: 64, backlogBytes: 16 * 1024 * 1024 };

const PING_MS = 20_000;
const HIGH_WATER_BYTES = 1024 * 1024;
const DRAIN_POLL_MS = 20;

interface Subscription {
  leave: () => void;
  /** Addresses and topics that it names. */
  values: number;
  /** Its id must reach the client before its first event: what comes before waits here; null once told. */
  held: string[] | null;
}

/** One client's WebSocket on a chain. Its calls go to whichever node answers; its subscriptions hang on the chain's feed and not on a node. */
export class SocketSession {
  private readonly subscriptions = new Map<string, Subscription>();
  private inFlight = 0;
  private values = 0;
  private heldBytes = 0;
  private alive = true;

  constructor(
    private readonly client: WebSocket,
    private readonly renew: () => Promise<ChainAccess>,
    private readonly calls: OwnCalls,
    private readonly feeds: Feeds,
    private readonly stayAt: (access: ChainAccess, nodeId: string) => void,
    private readonly limits: SessionLimits = DEFAULT_SESSION_LIMITS,
    /** This connection's part of what all of its tenant's may pile up. */
    private readonly part: () => number = () => Infinity,
  ) {
    client.on('message', (data) => void this.serve(data));
    client.on('error', () => client.terminate());
    client.on('pong', () => (this.alive = true));
    const pinger = setInterval(() => {
      // While it is not read from, for the many calls that it waits for, its answer to the last ping is not read either.
      const isWaiting = client.isPaused && client.bufferedAmount === 0;
      if (!this.alive && !isWaiting) return client.terminate();
      this.alive = false;
      client.ping();
    }, PING_MS);
    pinger.unref();
    client.once('close', () => {
      clearInterval(pinger);
      for (const { leave } of this.subscriptions.values()) leave();
      this.subscriptions.clear();
    });
  }

  private async serve(data: RawData): Promise<void> {
    this.inFlight += 1;
    if (this.inFlight >= this.limits.callsInFlight) this.client.pause();
    const body = bytesOf(data);
    const added: string[] = [];
    try {
      await this.drained();
      const access = await this.renew();
      // Who hears of a block reads it next: at the node that told of it, since others may not have it yet.
      const teller = this.subscriptions.size === 0 ? null : this.feeds.nodeOf(access.chainId);
      if (teller !== null) this.stayAt(access, teller);
      const answer = await this.calls.answer(access, body, this.sink(access, added));
      if (answer.body.length > 0) this.send(answer.body);
    } catch (error) {
      this.sendFailure(body, error);
    } finally {
      for (const id of added) this.release(id);
      this.inFlight -= 1;
      if (this.inFlight < this.limits.callsInFlight) this.client.resume();
    }
  }

  private sink(access: ChainAccess, added: string[]): SubscriptionSink {
    return {
      subscribe: async (params) => {
        const topic = topicOf(params);
        if (this.subscriptions.size >= this.limits.subscriptions) throw limitExceeded(`too many subscriptions: at most ${this.limits.subscriptions} on one connection`);
        const values = topic.kind === 'logs' ? valuesOf(topic.criteria) : 0;
        if (this.values + values > this.limits.values) throw limitExceeded(`too many addresses and topics: at most ${this.limits.values} for all subscriptions of one connection`);
        const id = `0x${randomBytes(16).toString('hex')}`;
        const subscription: Subscription = { leave: () => undefined, values, held: [] };
        this.subscriptions.set(id, subscription);
        this.values += values;
        try {
          subscription.leave = await this.feeds.listen(access, { topic, deliver: (json) => this.deliver(id, subscription, json), renew: this.renew });
        } catch (error) {
          this.remove(id);
          throw error;
        }
        if (this.client.readyState !== WebSocket.OPEN) {
          subscription.leave();
          throw serverError('the connection is closed');
        }
        added.push(id);
        return id;
      },
      unsubscribe: (id) => this.remove(id),
    };
  }

  private remove(id: string): boolean {
    const subscription = this.subscriptions.get(id);
    subscription?.leave();
    this.values -= subscription?.values ?? 0;
    for (const message of subscription?.held ?? []) this.heldBytes -= message.length;
    return this.subscriptions.delete(id);
  }

  private deliver(id: string, subscription: Subscription, json: string): void {
    const message = `{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"${id}","result":${json}}}`;
    if (subscription.held === null) return this.send(message);
    subscription.held.push(message);
    this.heldBytes += message.length;
    // A subscription in a batch with a call that waits for long.
    if (this.heldBytes > this.limits.backlogBytes) this.client.terminate();
  }

  private release(id: string): void {
    const subscription = this.subscriptions.get(id);
    if (subscription === undefined) return;
    for (const message of subscription.held ?? []) {
      this.heldBytes -= message.length;
      this.send(message);
    }
    subscription.held = null;
  }

  /** Who has not read its last answers gets no more of them: only events, which do not wait to be asked for, pile up to the bound. */
  private async drained(): Promise<void> {
    while (this.client.readyState === WebSocket.OPEN && this.client.bufferedAmount > HIGH_WATER_BYTES) await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
  }

  private send(message: string | Buffer): void {
    if (this.client.readyState !== WebSocket.OPEN) return;
    // Who does not read would have the gateway keep everything for it.
    if (this.client.bufferedAmount > Math.min(this.limits.backlogBytes, this.part())) this.client.terminate();
    else this.client.send(message, { binary: false });
  }

  /** The connection stays: a client that waits for an answer by its id gets one. */
  private sendFailure(body: Buffer, error: unknown): void {
    const message = error instanceof CodedError ? error.message : 'internal error';
    const code = error instanceof CodedError ? CODES.server : CODES.internal;
    const data = error instanceof CodedError ? { code: error.code } : undefined;
    const failures = messagesOf(body).flatMap(({ id }) => (!isId(id) ? [] : [{ jsonrpc: '2.0', id, error: { code, message, ...(data === undefined ? {} : { data }) } }]));
    if (failures.length === 0) return;
    this.send(JSON.stringify(body.toString('latin1').trimStart().startsWith('[') ? failures : failures[0]));
  }
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
