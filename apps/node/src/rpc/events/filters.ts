import { randomBytes } from 'node:crypto';
import { to0x } from '#ledger';
import type { ChainAccess } from '../backend.js';
import { limitExceeded, RpcError, serverError } from '../errors.js';
import { formatLog, type RpcLog } from '../format/log.js';
import type { RpcLimits } from '../limits.js';
import { logFilterOf, type LogQuery } from '../params/log-query.js';
import type { EventHub } from './hub.js';

/** Hashes that a pending filter keeps between two polls; the oldest go first. */
const MAX_PENDING = 10_000;

type Kind = { kind: 'blocks' } | { kind: 'logs'; query: LogQuery } | { kind: 'pending'; hashes: string[]; leave: () => void };

interface Filter {
  content: Kind;
  nextHeight: bigint;
  usedAtMs: number;
}

/** The filters that clients poll. They hold a place in the chain, not events, and go when nobody asks for them. */
export class FilterStore {
  private readonly filters = new Map<string, Filter>();
  private readonly sweep: NodeJS.Timeout;

  constructor(
    private readonly hub: EventHub,
    private readonly limits: RpcLimits,
  ) {
    this.sweep = setInterval(() => this.expire(), Math.max(10, limits.filterTtlMs / 4));
    this.sweep.unref();
  }

  addBlocks(chain: ChainAccess): string {
    return this.add(chain, { kind: 'blocks' });
  }

  addLogs(chain: ChainAccess, query: LogQuery): string {
    if (query.range.kind === 'block') throw serverError('a filter follows the chain: blockHash belongs to eth_getLogs');
    return this.add(chain, { kind: 'logs', query });
  }

  addPending(chain: ChainAccess): string {
    const hashes: string[] = [];
    return this.add(chain, {
      kind: 'pending',
      hashes,
      leave: this.hub.onPending(({ hash }) => {
        if (hashes.length >= MAX_PENDING) hashes.shift();
        hashes.push(to0x(hash));
      }),
    });
  }

  /** What came since the last poll: block hashes, transaction hashes or logs. */
  changes(chain: ChainAccess, id: string): string[] | RpcLog[] {
    const filter = this.find(id);
    const { content, nextHeight } = filter;
    if (content.kind === 'pending') return content.hashes.splice(0);
    const head = chain.store.head().height;
    const found = content.kind === 'blocks' ? this.newBlocks(chain, nextHeight, head) : this.newLogs(chain, content.query, nextHeight, head);
    filter.nextHeight = head + 1n;
    return found;
  }

  /** Everything that the filter matches, whether polled before or not. */
  async logs(chain: ChainAccess, id: string): Promise<RpcLog[]> {
    const { content } = this.find(id);
    if (content.kind !== 'logs') throw notFound();
    return (await chain.store.findLogs(logFilterOf(chain, content.query, this.limits))).map(formatLog);
  }

  remove(id: string): boolean {
    const filter = this.filters.get(id);
    if (filter?.content.kind === 'pending') filter.content.leave();
    return this.filters.delete(id);
  }

  close(): void {
    clearInterval(this.sweep);
    for (const id of [...this.filters.keys()]) this.remove(id);
  }

  private add(chain: ChainAccess, content: Kind): string {
    this.expire();
    if (this.filters.size >= this.limits.filters) {
      if (content.kind === 'pending') content.leave();
      throw limitExceeded(`too many filters: this node keeps at most ${this.limits.filters}; uninstall some, or subscribe over WebSocket`);
    }
    const id = to0x(randomBytes(16));
    this.filters.set(id, { content, nextHeight: chain.store.head().height + 1n, usedAtMs: Date.now() });
    return id;
  }

  private find(id: string): Filter {
    const filter = this.filters.get(id);
    if (filter === undefined) throw notFound();
    filter.usedAtMs = Date.now();
    return filter;
  }

  private newBlocks({ store }: ChainAccess, from: bigint, head: bigint): string[] {
    const hashes: string[] = [];
    for (let height = from; height <= head; height++) hashes.push(to0x(store.blockHashAt(height) ?? new Uint8Array(32)));
    return hashes;
  }

  private newLogs(chain: ChainAccess, { addresses, topics, range }: LogQuery, from: bigint, head: bigint): RpcLog[] {
    let fromHeight = from;
    let toHeight = head;
    if (range.kind === 'span' && range.from.kind === 'height' && range.from.height > fromHeight) fromHeight = range.from.height;
    if (range.kind === 'span' && range.to.kind === 'height' && range.to.height < toHeight) toHeight = range.to.height;
    if (fromHeight > toHeight) return [];
    return chain.store.logs({ fromHeight, toHeight, addresses, topics, limit: this.limits.logs }).map(formatLog);
  }

  private expire(): void {
    const oldestMs = Date.now() - this.limits.filterTtlMs;
    for (const [id, { usedAtMs }] of this.filters) if (usedAtMs < oldestMs) this.remove(id);
  }
}

function notFound(): RpcError {
  return serverError('filter not found');
}
