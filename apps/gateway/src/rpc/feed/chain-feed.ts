import type { Logger } from 'pino';
import type { ChainAccess } from '../rpc-access.js';
import { serverError } from '../rpc-error.js';
import { FAR_AHEAD_BLOCKS } from '../upstream.rules.js';
import type { Upstreams } from '../upstreams.js';
import { mayHoldLogs, readHeader, readLogs, type RpcHeader } from './block-reader.js';
import { matches, type LogCriteria, type RpcLog } from './log-criteria.rules.js';
import { NodeSocket } from './node-socket.js';
import { RecentHashes } from './recent-hashes.js';
import type { Topic } from './topic.rules.js';

/** One subscription. */
export interface FeedListener {
  readonly topic: Topic;
  /** Takes one event, as JSON; called in the order of the chain. */
  deliver(json: string): void;
  /** The nodes as they are now; asked before each connection, so that one that moved is found. */
  renew(): Promise<ChainAccess>;
}

interface Entry {
  listener: FeedListener;
  /** Blocks below are not told: they came before the subscription. */
  fromHeight: number;
}

/** Blocks that are read at once when the feed is behind; within every node's bound for a log query. */
const MAX_RANGE_BLOCKS = 100;
/** Headers that a node announced and that are not told yet; those beyond are read again. */
const MAX_ANNOUNCED = 1_000;
const RECONNECT_MS = 100;
const WATCH_MS = 1_000;
const ADD_TIMEOUT_MS = 8_000;

/**
 * What happens on one chain, for all subscribers of this gateway, each block exactly once and in order.
 *
 * Blocks are final, so the place in the chain is a height: a node's `newHeads` only say that there is more, and what is missing
 * is read by height. Where a node dies, hangs or falls behind, the feed goes on at another one from the same height. What
 * enters the pools is no such sequence: it is told once, as the node hears of it, and what enters while none is connected is not.
 */
export class ChainFeed {
  private readonly entries = new Set<Entry>();
  private readonly announced = new Map<number, RpcHeader>();
  private readonly told = new RecentHashes();
  private readonly watch: NodeJS.Timeout;
  private node: NodeSocket | null = null;
  /** First height that is not told; null before the first connection. */
  private nextHeight: number | null = null;
  /** Of the node that is listened to: of what is above, another's word does not help, as this one cannot be asked for it. */
  private headHeight = 0;
  /** Heights up to here are being read, for those who listened when the reading began. */
  private readingTo = -1;
  private pumping = false;
  private connecting = false;
  private closed = false;
  private pendingAsked = new Set<boolean>();
  private readonly connectedWaiters = new Set<() => void>();

  constructor(
    private access: ChainAccess,
    private readonly upstreams: Upstreams,
    private readonly logger: Logger,
  ) {
    this.watch = setInterval(() => this.leaveLaggard(), WATCH_MS);
    this.watch.unref();
  }

  /** Where the events come from: whoever hears of a block there can read it there. */
  get nodeId(): string | null {
    return this.node?.upstream.health.nodeId ?? null;
  }

  get size(): number {
    return this.entries.size;
  }

  /** @returns what ends the subscription. @throws RpcError where no node answers. */
  async add(listener: FeedListener): Promise<() => void> {
    const entry: Entry = { listener, fromHeight: Infinity };
    this.entries.add(entry);
    try {
      if (this.node === null) await this.connected();
    } catch (error) {
      this.entries.delete(entry);
      throw error;
    }
    entry.fromHeight = Math.max(this.nextHeight ?? 0, this.readingTo + 1);
    if (listener.topic.kind === 'newPendingTransactions') this.askForPending();
    return () => this.entries.delete(entry);
  }

  close(): void {
    this.closed = true;
    clearInterval(this.watch);
    this.entries.clear();
    this.node?.terminate();
  }

  private get feedName(): string {
    return `feed ${this.access.chainId}`;
  }

  private connected(): Promise<void> {
    void this.connect();
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.connectedWaiters.delete(finish);
        resolve();
      };
      const timer = setTimeout(() => {
        this.connectedWaiters.delete(finish);
        reject(serverError('no node of the chain takes subscriptions now: try again'));
      }, ADD_TIMEOUT_MS);
      this.connectedWaiters.add(finish);
    });
  }

  /** Tries nodes until one takes the feed or nobody listens. */
  private async connect(): Promise<void> {
    if (this.connecting) return;
    this.connecting = true;
    try {
      while (!this.closed && this.node === null && this.entries.size > 0) {
        this.access = await this.renewed();
        if (!(await this.connectOnce())) await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
      }
    } finally {
      this.connecting = false;
    }
  }

  /** One subscriber's right may have ended; the nodes are the same for all. */
  private async renewed(): Promise<ChainAccess> {
    for (const { listener } of this.entries) {
      const access = await listener.renew().catch(() => null);
      if (access !== null) return access;
    }
    return this.access;
  }

  private async connectOnce(): Promise<boolean> {
    for (const upstream of this.candidates()) {
      if (this.closed) return false;
      try {
        const node = await NodeSocket.open(upstream);
        void node.gone.then(() => this.lost(node));
        let heard = 0;
        await node.subscribe(['newHeads'], (header) => (heard = this.hearHead(node, header as RpcHeader)));
        const head = Number(BigInt((await node.call('eth_blockNumber', [])) as string));
        if (this.closed) node.terminate();
        this.adopt(node, Math.max(head, heard));
        this.upstreams.served(this.access.chainId, this.feedName, upstream.health.nodeId);
        return true;
      } catch (error) {
        upstream.noteFailure();
        this.logger.debug({ err: error, chainId: this.access.chainId, nodeId: upstream.health.nodeId }, 'the node takes no feed');
      }
    }
    return false;
  }

  private candidates(): ReturnType<Upstreams['candidates']> {
    return this.upstreams.candidates(this.access.chainId, this.access.nodes, this.feedName);
  }

  private adopt(node: NodeSocket, head: number): void {
    this.node = node;
    this.nextHeight ??= head + 1;
    this.pendingAsked = new Set();
    this.askForPending();
    for (const finish of [...this.connectedWaiters]) finish();
    this.headHeight = head;
    void this.pump();
  }

  /** The first node that was listened to had claimed a head that the chain will never reach: everybody would wait for it. */
  private forgetFalseHead(): void {
    const reached = this.upstreams.reached(this.access.chainId);
    if (reached === null || this.nextHeight === null || this.nextHeight <= reached + FAR_AHEAD_BLOCKS) return;
    const next = this.headHeight + 1;
    this.nextHeight = next;
    this.readingTo = -1;
    for (const entry of this.entries) entry.fromHeight = Math.min(entry.fromHeight, next);
  }

  private lost(node: NodeSocket): void {
    if (this.node !== node) return;
    this.node = null;
    node.upstream.noteFailure();
    void this.connect();
  }

  /** It answers, but not what is needed (it may have begun above that height): not at once again, where no other takes over. */
  private giveUp(node: NodeSocket): void {
    this.node = null;
    node.upstream.noteFailure();
    setTimeout(() => void this.connect(), RECONNECT_MS).unref();
  }

  /** A node that lives but falls behind the others is left, too. */
  private leaveLaggard(): void {
    const current = this.nodeId;
    if (current === null) return;
    if (this.candidates()[0]?.health.nodeId !== current) return this.node?.terminate();
    this.forgetFalseHead();
  }

  private hearHead(node: NodeSocket, header: RpcHeader): number {
    const height = Number(BigInt(String(header['number'])));
    if (height >= (this.nextHeight ?? 0) && this.announced.size < MAX_ANNOUNCED) this.announced.set(height, header);
    if (node === this.node) {
      this.headHeight = Math.max(this.headHeight, height);
      void this.pump();
    }
    return height;
  }

  /** Tells all that is known of and not told yet. */
  private async pump(): Promise<void> {
    if (this.pumping) return;
    this.pumping = true;
    try {
      for (;;) {
        const { node, nextHeight } = this;
        if (this.closed || node === null || nextHeight === null || nextHeight > this.headHeight) return;
        try {
          await this.tellRange(node, nextHeight, Math.min(this.headHeight, nextHeight + MAX_RANGE_BLOCKS - 1));
        } catch (error) {
          this.logger.debug({ err: error, chainId: this.access.chainId }, 'the feed leaves a node');
          if (this.node === node) this.giveUp(node);
          node.terminate();
        }
      }
    } finally {
      this.pumping = false;
    }
  }

  private async tellRange(node: NodeSocket, fromHeight: number, toHeight: number): Promise<void> {
    this.readingTo = toHeight;
    const criteria = [...this.entries].flatMap(({ listener: { topic } }) => (topic.kind === 'logs' ? [topic.criteria] : []));
    const wantsHeads = [...this.entries].some(({ listener }) => listener.topic.kind === 'newHeads');
    const headers = new Map<number, RpcHeader>();
    for (let height = fromHeight; height <= toHeight; height++) {
      const header = this.announced.get(height) ?? (wantsHeads ? await readHeader(node, height) : undefined);
      if (header !== undefined) headers.set(height, header);
    }
    const logs = await this.logsOf(node, fromHeight, toHeight, headers, criteria);
    // Nothing waits from here on: a range is told whole, and so its end is the one place that has to be remembered.
    for (let height = fromHeight; height <= toHeight; height++) {
      this.announced.delete(height);
      this.tellBlock(height, headers.get(height), logs.get(height) ?? []);
    }
    this.nextHeight = toHeight + 1;
  }

  private async logsOf(node: NodeSocket, from: number, to: number, headers: ReadonlyMap<number, RpcHeader>, criteria: readonly LogCriteria[]): Promise<Map<number, RpcLog[]>> {
    const byHeight = new Map<number, RpcLog[]>();
    const isKnownEmpty = headers.size === to - from + 1 && ![...headers.values()].some(mayHoldLogs);
    if (criteria.length === 0 || isKnownEmpty) return byHeight;
    for (const log of await readLogs(node, from, to, criteria)) {
      const height = Number(BigInt(log.blockNumber));
      const list = byHeight.get(height);
      if (list === undefined) byHeight.set(height, [log]);
      else list.push(log);
    }
    return byHeight;
  }

  private tellBlock(height: number, header: RpcHeader | undefined, logs: readonly RpcLog[]): void {
    const headerJson = header === undefined ? null : JSON.stringify(header);
    const written = logs.map((log) => ({ log, json: JSON.stringify(log) }));
    for (const { listener, fromHeight } of this.entries) {
      if (height < fromHeight) continue;
      const { topic } = listener;
      if (topic.kind === 'newHeads' && headerJson !== null) listener.deliver(headerJson);
      if (topic.kind === 'logs') for (const { log, json } of written) if (matches(topic.criteria, log)) listener.deliver(json);
    }
  }

  /** Hashes and whole transactions are two subscriptions at the node; each is made when the first one wants it. */
  private askForPending(): void {
    const { node } = this;
    if (node === null) return;
    for (const { listener: { topic } } of this.entries) {
      if (topic.kind !== 'newPendingTransactions' || this.pendingAsked.has(topic.whole)) continue;
      const { whole } = topic;
      this.pendingAsked.add(whole);
      node.subscribe(['newPendingTransactions', whole], (result) => this.tellPending(whole, result)).catch(() => node.terminate());
    }
  }

  private tellPending(whole: boolean, result: unknown): void {
    const hash = whole ? (result as { hash: string }).hash : String(result);
    if (!this.told.add(`${whole} ${hash}`)) return;
    const json = JSON.stringify(result);
    for (const { listener } of this.entries) if (listener.topic.kind === 'newPendingTransactions' && listener.topic.whole === whole) listener.deliver(json);
  }
}
