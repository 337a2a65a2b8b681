import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { CodedError } from '#contracts';
import { Chains, withTenant, type ChainRecord } from '#persistence';
import type { TenantIdentity } from '../auth/identity.js';
import { DATABASE } from '../database.js';
import { RpcForwarder } from '../rpc/forwarder.js';
import { callableNodes, waitsFor } from '../rpc/rpc-access.js';
import { RpcError } from '../rpc/rpc-error.js';

/** A chain of which the caller is a member, and a way to ask its nodes. */
export interface CalledChain {
  chain: ChainRecord;
  /** The operations account of the caller's tenant there: whoever transacts for it, this account may. */
  operationsAccount: string;
  /** @throws RpcError as a node answers, CodedError `no_live_node` or `chain_not_running` where none does. */
  call(method: string, params: unknown[]): Promise<unknown>;
}

/** The gateway's own JSON-RPC calls, on behalf of a member. */
@Injectable()
export class ChainCalls {
  constructor(
    @Inject(DATABASE) private readonly dataSource: DataSource,
    private readonly forwarder: RpcForwarder,
  ) {}

  /** @throws CodedError `not_found` for what is no chain of the caller's tenant. */
  async of({ tenantId, userId }: TenantIdentity, chainId: string): Promise<CalledChain> {
    const found = await withTenant(this.dataSource, { tenantId, userId }, async (manager) => {
      const chains = new Chains(manager, tenantId);
      const chain = await chains.get(chainId);
      if (chain === null || chain.status === 'deleted') return null;
      const own = (await chains.members([chainId])).find((member) => member.tenantId === tenantId);
      return own === undefined ? null : { chain, operationsAccount: own.operationsAccount, nodes: callableNodes(await chains.nodes(chainId)) };
    });
    if (found === null) throw new CodedError('not_found');
    const { chain, operationsAccount, nodes } = found;
    const access = { chainId, tenantId, client: `contracts ${tenantId}`, nodes, waitsFor: waitsFor(chain), expiresAtMs: Infinity };
    return {
      chain, operationsAccount,
      call: async (method, params) => {
        const { body } = await this.forwarder.forward(access, Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })));
        const { result, error } = JSON.parse(body.toString('utf8')) as { result?: unknown; error?: { code: number; message: string; data?: unknown } };
        if (error !== undefined) throw new RpcError(error.code, error.message, error.data);
        return result;
      },
    };
  }
}
