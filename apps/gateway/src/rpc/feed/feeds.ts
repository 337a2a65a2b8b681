import type { Logger } from 'pino';
import type { ChainAccess } from '../rpc-access.js';
import type { Upstreams } from '../upstreams.js';
import { ChainFeed, type FeedListener } from './chain-feed.js';

/** The feeds of all chains that somebody listens to; one ends with its last listener. */
export class Feeds {
  private readonly feeds = new Map<string, ChainFeed>();

  constructor(
    private readonly upstreams: Upstreams,
    private readonly logger: Logger,
  ) {}

  /** @returns what ends it. @throws RpcError where no node answers. */
  async listen(access: ChainAccess, listener: FeedListener): Promise<() => void> {
    let feed = this.feeds.get(access.chainId);
    if (feed === undefined) {
      feed = new ChainFeed(access, this.upstreams, this.logger);
      this.feeds.set(access.chainId, feed);
    }
    const own = feed;
    try {
      const leave = await own.add(listener);
      return () => {
        leave();
        this.dropIfIdle(access.chainId, own);
      };
    } catch (error) {
      this.dropIfIdle(access.chainId, own);
      throw error;
    }
  }

  /** Where this chain's events come from now; null when nobody listens or no node answers. */
  nodeOf(chainId: string): string | null {
    return this.feeds.get(chainId)?.nodeId ?? null;
  }

  close(): void {
    for (const feed of this.feeds.values()) feed.close();
    this.feeds.clear();
  }

  private dropIfIdle(chainId: string, feed: ChainFeed): void {
    if (feed.size > 0) return;
    feed.close();
    if (this.feeds.get(chainId) === feed) this.feeds.delete(chainId);
  }
}
