import { randomBytes } from 'node:crypto';
import type { AdmittedTransaction } from '#evm';
import { to0x } from '#ledger';
import type { ChainAccess } from '../backend.js';
import { limitExceeded, serverError } from '../errors.js';
import { formatLog } from '../format/log.js';
import { formatPending } from '../format/transaction.js';
import type { LogCriteria } from '../params/log-query.js';
import type { EventHub } from './hub.js';

export type Topic = { kind: 'newHeads' } | { kind: 'logs'; criteria: LogCriteria } | { kind: 'newPendingTransactions'; whole: boolean };

/** What a connection offers to `eth_subscribe`. */
export interface SubscriptionSink {
  /** @throws RpcError when the connection has too many. */
  add(topic: Topic, chain: ChainAccess): string;
  /** Whether there was one. */
  remove(id: string): boolean;
}

interface Subscription {
  id: string;
  topic: Topic;
  /** Heights from here on have not been told of. */
  nextHeight: bigint;
  /** Its id must reach the client before its first notification. */
  released: boolean;
}

/** A sink for one request or batch: what it adds stays silent until its answer is sent. */
export interface RequestSink extends SubscriptionSink {
  release(chain: ChainAccess | null): void;
}

/** The subscriptions of one WebSocket connection. */
export class ConnectionSubscriptions {
  private readonly subscriptions = new Map<string, Subscription>();
  private leave: (() => void)[] = [];
  private evmChainId = 0n;
  private closed = false;

  /** @param send takes one notification; the connection bounds what piles up. */
  constructor(
    private readonly hub: EventHub,
    private readonly maxSubscriptions: number,
    private readonly send: (message: string) => void,
    private readonly onFault: (error: unknown) => void,
  ) {}

  sinkForRequest(): RequestSink {
    const added: Subscription[] = [];
    return {
      add: (topic, chain) => {
        const subscription = this.add(topic, chain);
        added.push(subscription);
        return subscription.id;
      },
      remove: (id) => this.subscriptions.delete(id),
      release: (chain) => {
        for (const subscription of added) subscription.released = true;
        if (added.length > 0 && chain !== null) this.pumpAll(chain);
      },
    };
  }

  close(): void {
    this.closed = true;
    for (const leave of this.leave) leave();
    this.leave = [];
    this.subscriptions.clear();
  }

  private add(topic: Topic, chain: ChainAccess): Subscription {
    // A call may outlive its connection.
    if (this.closed) throw serverError('the connection is closed');
    if (this.subscriptions.size >= this.maxSubscriptions) throw limitExceeded(`too many subscriptions: at most ${this.maxSubscriptions} on one connection`);
    if (this.leave.length === 0) this.leave = [this.hub.onBlock((now) => this.pumpAll(now)), this.hub.onPending((transaction) => this.tellPending(transaction))];
    const id = to0x(randomBytes(16));
    const subscription = { id, topic, nextHeight: chain.store.head().height + 1n, released: false };
    this.subscriptions.set(id, subscription);
    this.evmChainId = chain.store.genesis.evmChainId;
    return subscription;
  }

  private pumpAll(chain: ChainAccess): void {
    try {
      for (const subscription of this.subscriptions.values()) if (subscription.released) this.pump(subscription, chain);
    } catch (error) {
      this.onFault(error);
    }
  }

  private pump(subscription: Subscription, chain: ChainAccess): void {
    const { topic } = subscription;
    const head = chain.store.head().height;
    if (subscription.nextHeight > head) return;
    const fromHeight = subscription.nextHeight;
    subscription.nextHeight = head + 1n;
    if (topic.kind === 'newHeads') {
      for (let height = fromHeight; height <= head; height++) this.notify(subscription, this.hub.header(chain, height));
    }
    if (topic.kind === 'logs') {
      const { addresses, topics } = topic.criteria;
      for (const entry of chain.store.logs({ fromHeight, toHeight: head, addresses, topics, limit: Infinity, bytes: Infinity })) this.notify(subscription, formatLog(entry));
    }
  }

  private tellPending(transaction: AdmittedTransaction): void {
    for (const subscription of this.subscriptions.values()) {
      const { topic, released } = subscription;
      if (topic.kind !== 'newPendingTransactions' || !released) continue;
      this.notify(subscription, topic.whole ? formatPending(transaction, this.evmChainId) : to0x(transaction.hash));
    }
  }

  private notify({ id }: Subscription, result: unknown): void {
    this.send(JSON.stringify({ jsonrpc: '2.0', method: 'eth_subscription', params: { subscription: id, result } }));
  }
}
