import { randomBytes } from 'node:crypto';
import { readCriteria, valuesOf } from '../feed/log-criteria.rules.js';
import type { Feeds } from '../feed/feeds.js';
import type { ChainAccess } from '../rpc-access.js';
import { CODES, invalidParams, limitExceeded, RpcError, serverError } from '../rpc-error.js';
import { heightOf, readNewLogs, type NodeCall } from './filter-reader.js';

type Content = { kind: 'blocks' } | { kind: 'logs'; query: Record<string, unknown> } | { kind: 'pending'; hashes: string[]; leave: () => void };

interface Filter {
  chainId: string;
  client: string;
  content: Content;
  /** Addresses and topics that it names. */
  values: number;
  /** First height that no poll has answered for. */
  nextHeight: number;
  usedAtMs: number;
  /** Polls of one filter follow each other: two at once would tell the same twice. */
  polling: Promise<unknown>;
}

export interface FilterLimits {
  perClient: number;
  all: number;
  /** Addresses and topics of all filters of a client together, and of all at this gateway. */
  valuesPerClient: number;
  allValues: number;
  ttlMs: number;
}

export const DEFAULT_FILTER_LIMITS: FilterLimits = { perClient: 100, all: 20_000, valuesPerClient: 50_000, allValues: 1_000_000, ttlMs: 300_000 };
/** Hashes that a pending filter keeps between two polls; the oldest go first. */
const MAX_PENDING = 10_000;
/** Blocks that one poll answers for; the next poll goes on from there. */
const MAX_BLOCKS_PER_POLL = 10_000;

/**
 * The filters that clients poll, held by the gateway, so that any node may answer a poll: a filter is a height, and what came
 * since is read by height. Only a filter for pending transactions holds events.
 */
export class FilterStore {
  private readonly filters = new Map<string, Filter>();
  private readonly countOf = new Map<string, { filters: number; values: number }>();
  private allValues = 0;
  private readonly sweep: NodeJS.Timeout;

  constructor(
    private readonly feeds: Feeds,
    private readonly limits: FilterLimits = DEFAULT_FILTER_LIMITS,
  ) {
    this.sweep = setInterval(() => this.expire(), Math.max(10, limits.ttlMs / 4));
    this.sweep.unref();
  }

  async addBlocks(access: ChainAccess, call: NodeCall): Promise<string> {
    return this.add(access, { kind: 'blocks' }, (await heightOf(call)) + 1);
  }

  async addLogs(access: ChainAccess, call: NodeCall, params: unknown): Promise<string> {
    const query: unknown = Array.isArray(params) ? params[0] : undefined;
    if (typeof query !== 'object' || query === null || Array.isArray(query)) throw invalidParams('missing value for required argument 0 (filter)');
    const values = valuesOf(readCriteria(query, 'argument 0 (filter)'));
    const fields = query as Record<string, unknown>;
    if (fields['blockHash'] !== undefined && fields['blockHash'] !== null) throw serverError('a filter follows the chain: blockHash belongs to eth_getLogs');
    for (const name of ['fromBlock', 'toBlock']) checkBlock(fields[name], `argument 0 (filter).${name}`);
    const { address, topics, fromBlock, toBlock } = fields;
    // Nothing else is kept: what a client writes beside these may be as large as a body.
    return this.add(access, { kind: 'logs', query: { address, topics, fromBlock, toBlock } }, (await heightOf(call)) + 1, values);
  }

  async addPending(access: ChainAccess): Promise<string> {
    this.makeRoom(access);
    const hashes: string[] = [];
    const deliver = (json: string): void => {
      if (hashes.length >= MAX_PENDING) hashes.shift();
      hashes.push(JSON.parse(json) as string);
    };
    const listener = { topic: { kind: 'newPendingTransactions', whole: false } as const, deliver, renew: () => Promise.resolve(access) };
    const leave = await this.feeds.listen(access, listener);
    return this.add(access, { kind: 'pending', hashes, leave }, 0);
  }

  /** What came since the last poll: block hashes, transaction hashes or logs. */
  changes(access: ChainAccess, call: NodeCall, id: string): Promise<unknown> {
    const filter = this.find(access, id);
    const poll = filter.polling.then(() => this.poll(filter, call));
    filter.polling = poll.catch(() => undefined);
    return poll;
  }

  /** Everything that the filter matches, whether polled before or not. */
  logs(access: ChainAccess, call: NodeCall, id: string): Promise<unknown> {
    const { content } = this.find(access, id);
    if (content.kind !== 'logs') throw notFound();
    return call('eth_getLogs', [content.query]);
  }

  remove(access: ChainAccess, id: string): boolean {
    const filter = this.filters.get(id);
    if (filter === undefined || filter.chainId !== access.chainId) return false;
    this.drop(id, filter);
    return true;
  }

  close(): void {
    clearInterval(this.sweep);
    for (const [id, filter] of [...this.filters]) this.drop(id, filter);
  }

  private async poll(filter: Filter, call: NodeCall): Promise<unknown> {
    const { content, nextHeight } = filter;
    if (content.kind === 'pending') return content.hashes.splice(0);
    const head = Math.min(await heightOf(call), nextHeight + MAX_BLOCKS_PER_POLL - 1);
    // The node that answers now may be a block behind the one that answered before.
    if (head < nextHeight) return [];
    if (content.kind === 'blocks') {
      const hashes: string[] = [];
      for (let height = nextHeight; height <= head; height++) {
        const block = (await call('eth_getBlockByNumber', [`0x${height.toString(16)}`, false])) as { hash: string } | null;
        if (block === null) break;
        hashes.push(block.hash);
      }
      filter.nextHeight = nextHeight + hashes.length;
      return hashes;
    }
    const { logs, nextHeight: next } = await readNewLogs(call, content.query, nextHeight, head);
    filter.nextHeight = next;
    return logs;
  }

  private makeRoom(access: ChainAccess, values = 0): void {
    this.expire();
    const held = this.countOf.get(access.client) ?? { filters: 0, values: 0 };
    if (held.values + values > this.limits.valuesPerClient) {
      throw limitExceeded(`the filters of one credential name at most ${this.limits.valuesPerClient} addresses and topics: uninstall some, or ask for more and pick yourself`);
    }
    if (this.allValues + values > this.limits.allValues) throw limitExceeded('the filters at this gateway name too many addresses and topics: subscribe over WebSocket, or try again later');
    if (held.filters >= this.limits.perClient) {
      throw limitExceeded(`too many filters: at most ${this.limits.perClient} for one credential; uninstall some, or subscribe over WebSocket`);
    }
    if (this.filters.size >= this.limits.all) throw limitExceeded('too many filters at this gateway: subscribe over WebSocket, or try again later');
  }

  private add(access: ChainAccess, content: Content, nextHeight: number, values = 0): string {
    try {
      this.makeRoom(access, values);
    } catch (error) {
      if (content.kind === 'pending') content.leave();
      throw error;
    }
    const id = `0x${randomBytes(16).toString('hex')}`;
    this.filters.set(id, { chainId: access.chainId, client: access.client, content, values, nextHeight, usedAtMs: Date.now(), polling: Promise.resolve() });
    this.count(access.client, 1, values);
    return id;
  }

  private find(access: ChainAccess, id: string): Filter {
    const filter = this.filters.get(id);
    if (filter === undefined || filter.chainId !== access.chainId) throw notFound();
    filter.usedAtMs = Date.now();
    return filter;
  }

  private drop(id: string, filter: Filter): void {
    this.filters.delete(id);
    this.count(filter.client, -1, -filter.values);
    if (filter.content.kind === 'pending') filter.content.leave();
  }

  private count(client: string, filters: number, values: number): void {
    const held = this.countOf.get(client) ?? { filters: 0, values: 0 };
    const now = { filters: held.filters + filters, values: held.values + values };
    this.allValues += values;
    if (now.filters === 0) this.countOf.delete(client);
    else this.countOf.set(client, now);
  }

  private expire(): void {
    const oldestMs = Date.now() - this.limits.ttlMs;
    for (const [id, filter] of [...this.filters]) if (filter.usedAtMs < oldestMs) this.drop(id, filter);
  }
}

function checkBlock(value: unknown, where: string): void {
  if (value === undefined || value === null) return;
  if (typeof value === 'string' && /^(?:latest|pending|safe|finalized|earliest|0x(?:0|[1-9a-fA-F][0-9a-fA-F]{0,15}))$/.test(value)) return;
  throw invalidParams(`invalid ${where}: must be a hex quantity, latest, pending, safe, finalized or earliest`);
}

function notFound(): RpcError {
  return new RpcError(CODES.server, 'filter not found');
}
