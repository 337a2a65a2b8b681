import type { TlsIdentity } from '#sdk';
import type { NodeAddress } from './node-link.js';
import { orderUpstreams, surelyReached } from './upstream.rules.js';
import { Upstream } from './upstream.js';

interface ChainUpstreams {
  byId: Map<string, Upstream>;
  /** Which client uses which node, the oldest first; bounded. */
  preferred: Map<string, string>;
  turn: number;
  usedAtMs: number;
}

const MAX_CHAINS = 1_000;
const MAX_CLIENTS_PER_CHAIN = 5_000;
const PROBE_INTERVAL_MS = 1_000;
/** A chain that nobody calls is not probed, and after ten times as long its connections are closed. */
const IDLE_AFTER_MS = 30_000;

/** The upstreams of all chains that are in use. */
export class Upstreams {
  private readonly chains = new Map<string, ChainUpstreams>();
  private readonly timer: NodeJS.Timeout;
  private probing = false;

  constructor(private readonly identity: TlsIdentity) {
    this.timer = setInterval(() => void this.tick(), PROBE_INTERVAL_MS);
    this.timer.unref();
  }

  /**
   * A chain's nodes in the order in which this client's request tries them. Clients are spread round robin; each stays
   * with its node as long as that is alive and at head, so it reads what it wrote and its filters stay where they are.
   */
  candidates(chainId: string, addresses: readonly NodeAddress[], client: string): Upstream[] {
    const chain = this.chainOf(chainId);
    chain.usedAtMs = Date.now();
    this.adopt(chain, addresses);
    const preferred = chain.preferred.get(client) ?? null;
    const all = [...chain.byId.values()].map((upstream) => upstream.health);
    const order = orderUpstreams(all, chain.turn, preferred, Date.now());
    if (order[0] !== undefined && order[0] !== preferred) {
      chain.turn = (chain.turn + 1) % 1_000_000;
      this.prefer(chain, client, order[0]);
    }
    return order.flatMap((id) => chain.byId.get(id) ?? []);
  }

  /** A height that the chain has, though one of its nodes lies; null where too few were probed. */
  reached(chainId: string): number | null {
    return surelyReached([...(this.chains.get(chainId)?.byId.values() ?? [])].map((upstream) => upstream.health));
  }

  /** The client's last request was answered by this node: it stays there. */
  served(chainId: string, client: string, nodeId: string): void {
    const chain = this.chains.get(chainId);
    if (chain !== undefined && chain.preferred.get(client) !== nodeId) this.prefer(chain, client, nodeId);
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    const all = [...this.chains.values()].flatMap((chain) => [...chain.byId.values()]);
    this.chains.clear();
    await Promise.all(all.map((upstream) => upstream.close()));
  }

  private chainOf(chainId: string): ChainUpstreams {
    let chain = this.chains.get(chainId);
    if (chain === undefined) {
      chain = { byId: new Map(), preferred: new Map(), turn: 0, usedAtMs: Date.now() };
      this.chains.set(chainId, chain);
      this.evict();
    }
    return chain;
  }

  private evict(): void {
    if (this.chains.size <= MAX_CHAINS) return;
    const idlest = [...this.chains].sort(([, a], [, b]) => a.usedAtMs - b.usedAtMs)[0];
    if (idlest !== undefined) this.forget(idlest[0]);
  }

  private forget(chainId: string): void {
    const chain = this.chains.get(chainId);
    this.chains.delete(chainId);
    for (const upstream of chain?.byId.values() ?? []) upstream.retire();
  }

  private prefer(chain: ChainUpstreams, client: string, nodeId: string): void {
    chain.preferred.delete(client);
    chain.preferred.set(client, nodeId);
    if (chain.preferred.size <= MAX_CLIENTS_PER_CHAIN) return;
    const oldest = chain.preferred.keys().next().value;
    if (oldest !== undefined) chain.preferred.delete(oldest);
  }

  /** Takes over what the database says about the nodes: new ones, gone ones, moved ones. */
  private adopt(chain: ChainUpstreams, addresses: readonly NodeAddress[]): void {
    for (const address of addresses) {
      const known = chain.byId.get(address.nodeId);
      if (known !== undefined && sameAddress(known.link.address, address)) continue;
      chain.byId.set(address.nodeId, new Upstream(address, this.identity));
      known?.retire();
    }
    if (chain.byId.size === addresses.length) return;
    const wanted = new Set(addresses.map((address) => address.nodeId));
    for (const [nodeId, upstream] of chain.byId) {
      if (wanted.has(nodeId)) continue;
      chain.byId.delete(nodeId);
      upstream.retire();
    }
  }

  private async tick(): Promise<void> {
    if (this.probing) return;
    this.probing = true;
    try {
      const nowMs = Date.now();
      for (const [chainId, chain] of this.chains) if (nowMs - chain.usedAtMs > IDLE_AFTER_MS * 10) this.forget(chainId);
      const active = [...this.chains.values()].filter((chain) => nowMs - chain.usedAtMs <= IDLE_AFTER_MS);
      await Promise.all(active.flatMap((chain) => [...chain.byId.values()]).map((upstream) => upstream.probe()));
    } finally {
      this.probing = false;
    }
  }
}

function sameAddress(a: NodeAddress, b: NodeAddress): boolean {
  return a.publicKey === b.publicKey && a.endpoints.join() === b.endpoints.join();
}
