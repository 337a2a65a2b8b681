import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { CodedError, isId } from '#contracts';
import { Chains, withTenant, type ChainStatus, type NodeRecord } from '#persistence';
import { Authenticator } from '../auth/authenticator.js';
import { credentialOf, wishedTenantOf } from '../auth/credentials.rules.js';
import type { Identity } from '../auth/identity.js';
import { decide, type RoutePolicy } from '../auth/policy.rules.js';
import { DATABASE } from '../database.js';
import { BoundedCache } from './bounded-cache.js';
import type { NodeAddress } from './node-link.js';

/** A caller that may call this chain, and the nodes that can answer. */
export interface ChainAccess {
  chainId: string;
  /** Whose member the caller is. */
  tenantId: string;
  /** Names the credential without holding it: who stays with one node. */
  client: string;
  nodes: NodeAddress[];
  /** Why no node can answer yet, or any more; null once the chain was started. */
  waitsFor: string | null;
  /** When the credential ends, in Unix milliseconds. */
  expiresAtMs: number;
}

/** Everyone in a member tenant may call the chain, auditors included: what a call may change is the signer's right. */
export const RPC_POLICY: RoutePolicy = { kind: 'tenant', roles: ['owner', 'admin', 'developer', 'auditor'], scope: 'rpc' };

/** For so long a revoked key, or a node's new address, may go unnoticed. */
const IDENTITY_TTL_MS = 3_000;
const CHAIN_TTL_MS = 1_000;
const MAX_CACHED = 10_000;

/** The nodes that can be called: enrolled, wanted, and with an address. */
export function callableNodes(records: readonly NodeRecord[]): NodeAddress[] {
  return records.flatMap((node) => {
    const endpoints = node.endpoints?.rpc ?? [];
    if (node.publicKey === null || node.wanted !== 'running' || endpoints.length === 0) return [];
    return [{ nodeId: node.id, publicKey: node.publicKey, endpoints }];
  });
}

/** What a caller of a chain that does not run is told. */
export function waitsFor(chain: { id: string; status: ChainStatus; reason: string | null }): string | null {
  switch (chain.status) {
    case 'pending':
    case 'provisioning':
      return `the chain is ${chain.status}: its nodes are being made; GET /v1/chains/${chain.id} tells when it waits for its founders`;
    case 'awaitingFounders':
      return `the chain waits for the signatures of its founders over its genesis: GET /v1/chains/${chain.id}/genesis, then POST /v1/chains/${chain.id}/genesis/signatures`;
    case 'starting':
      return 'the chain is starting: it answers when it has committed its first block';
    case 'failed':
      return `the chain has failed: ${chain.reason ?? 'no reason is known'}`;
    case 'deleting':
      return 'the chain is being deleted';
    default:
      return null;
  }
}

interface CallableChain {
  nodes: NodeAddress[];
  waitsFor: string | null;
}

/** Who may call which chain, cached for seconds. */
@Injectable()
export class RpcAccess {
  private readonly identities = new BoundedCache<Identity>(MAX_CACHED, IDENTITY_TTL_MS);
  private readonly chains = new BoundedCache<CallableChain | null>(MAX_CACHED, CHAIN_TTL_MS);

  constructor(
    @Inject(DATABASE) private readonly dataSource: DataSource,
    private readonly authenticator: Authenticator,
  ) {}

  /**
   * @throws CodedError `unauthenticated`, `token_expired`, `forbidden`, or `not_found` for what is no chain of the caller's
   *   tenant, whether it exists or not
   */
  async grant(chainId: string, headers: IncomingHttpHeaders): Promise<ChainAccess> {
    const credential = credentialOf(headers);
    if (credential === null) throw new CodedError('unauthenticated');
    const nowMs = Date.now();
    const wished = wishedTenantOf(headers);
    const client = createHash('sha256').update(JSON.stringify([credential, wished])).digest('base64url');
    const identity = await this.identities.get(client, nowMs, () => this.authenticator.identify(credential, wished));
    if (identity.expiresAtMs <= nowMs) throw new CodedError('token_expired');
    const verdict = decide(RPC_POLICY, identity);
    if (!verdict.allowed) throw new CodedError(verdict.code, verdict.detail);
    const { tenantId, userId } = identity;
    if (tenantId === null || !isId('chain', chainId)) throw new CodedError('not_found');
    const chain = await this.chains.get(`${tenantId} ${chainId}`, nowMs, () => this.nodesOf(tenantId, userId, chainId));
    if (chain === null) throw new CodedError('not_found');
    return { chainId, tenantId, client, ...chain, expiresAtMs: identity.expiresAtMs };
  }

  /** Null where the tenant is no member of such a chain. */
  private async nodesOf(tenantId: string, userId: string, chainId: string): Promise<CallableChain | null> {
    return withTenant(this.dataSource, { tenantId, userId }, async (manager) => {
      const chains = new Chains(manager, tenantId);
      const chain = await chains.get(chainId);
      if (chain === null || chain.status === 'deleted') return null;
      return { nodes: callableNodes(await chains.nodes(chainId)), waitsFor: waitsFor(chain) };
    });
  }
}
