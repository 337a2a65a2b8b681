import { newId } from '#contracts';
import { randomInt } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { PersistenceError, translateConstraints } from '../database/errors.js';
import { firstRow, rows } from '../database/sql.js';
import { insertOperation } from '../operations/insert-operation.js';
import { OperationEntity, type OperationRecord } from '../operations/operation.entity.js';
import { appendOutbox, CHAIN_TOPIC } from '../outbox/outbox.js';
import { ChainNodeEntity, type NodeKind, type NodeRecord } from './chain-node.entity.js';
import { ChainEntity, ChainMemberEntity, type Alloc, type ChainAccess, type ChainMemberRecord, type ChainRecord, type FaultModel } from './chain.entity.js';

export interface NewChain {
  createdBy: string;
  name: string;
  faultModel: FaultModel;
  access: ChainAccess;
  params: Record<string, unknown>;
  alloc: Alloc[];
  /** In the order of the genesis. The caller's tenant must be among them. */
  members: { tenantId: string; name: string; governanceAccount: string; operationsAccount: string }[];
  /** One entry per node, owned by the caller's tenant. An observer's power is 0. */
  nodes: { dataCenterId: string; kind: NodeKind; power: number }[];
}

export interface ChainAndOperation {
  chain: ChainRecord;
  members: ChainMemberRecord[];
  nodes: NodeRecord[];
  operation: OperationRecord;
}

/** Two powers of 2^32 apart from the ids of public networks; below 2^48, which every wallet takes. */
function randomEvmChainId(): number {
  return randomInt(2 ** 32, 2 ** 48 - 1);
}

/**
 * Gateway: what tenants want of chains. All in `withTenant`; every query names the tenant, and row-level security says the
 * same once more. A chain of which the tenant is no member is not found.
 */
export class Chains {
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  /** Chain, members, nodes, operation and the bell, all in the caller's transaction. Throws `notFound` for an unknown member or data center. */
  async create(input: NewChain): Promise<ChainAndOperation> {
    const chainId = newId('chain');
    const missing = (what: string) => () => new PersistenceError('notFound', `A ${what} named in the request does not exist.`, { what });
    await translateConstraints(
      {
        chain_member_tenant_id_fkey: missing('tenant'),
        chain_nodes_data_center_id_fkey: missing('data center'),
        chain_member_pkey: () => new PersistenceError('conflict', 'A tenant can be a member only once.'),
        chain_member_governance_key: () => new PersistenceError('conflict', 'Each member needs a governance account of its own.'),
        chain_member_operations_key: () => new PersistenceError('conflict', 'Each member needs an operations account of its own.'),
      },
      () => this.insertChain(chainId, input),
    );
    const operation = await insertOperation(this.manager, { tenantId: this.tenantId, chainId, kind: 'createChain', createdBy: input.createdBy });
    await appendOutbox(this.manager, CHAIN_TOPIC, chainId);
    const chain = await this.get(chainId);
    if (chain === null) throw new PersistenceError('conflict', 'The tenant that creates a chain must be one of its members.');
    return { chain, members: await this.members([chainId]), nodes: await this.nodes(chainId), operation };
  }

  private async insertChain(chainId: string, input: NewChain): Promise<void> {
    await this.manager.query(
      `insert into chains (id, name, evm_chain_id, fault_model, access, params, alloc, created_by, created_tenant) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [chainId, input.name, randomEvmChainId(), input.faultModel, input.access, JSON.stringify(input.params), JSON.stringify(input.alloc), input.createdBy, this.tenantId],
    );
    for (const [position, member] of input.members.entries()) {
      await this.manager.query(
        `insert into chain_member (chain_id, tenant_id, position, role, name, governance_account, operations_account) values ($1, $2, $3, 'founder', $4, $5, $6)`,
        [chainId, member.tenantId, position, member.name, member.governanceAccount.toLowerCase(), member.operationsAccount.toLowerCase()],
      );
    }
    for (const node of input.nodes) {
      await this.manager.query('insert into chain_nodes (id, chain_id, tenant_id, data_center_id, kind, power) values ($1, $2, $3, $4, $5, $6)', [
        newId('node'), chainId, this.tenantId, node.dataCenterId, node.kind, node.power,
      ]);
    }
  }

  async get(chainId: string): Promise<ChainRecord | null> {
    return this.visible().andWhere('c.id = :chainId', { chainId }).getOne();
  }

  /** Newest first, without deleted ones; `before` is the id of the last one seen. */
  async list(page: { limit: number; before?: string }): Promise<ChainRecord[]> {
    const query = this.visible().andWhere(`c.status <> 'deleted'`);
    if (page.before !== undefined) query.andWhere('c.id < :before', { before: page.before });
    return query.orderBy('c.id', 'DESC').limit(page.limit).getMany();
  }

  /** Members of these chains, by chain and position. */
  async members(chainIds: readonly string[]): Promise<ChainMemberRecord[]> {
    if (chainIds.length === 0) return [];
    return this.manager
      .createQueryBuilder(ChainMemberEntity, 'm')
      .where('m.chain_id in (:...chainIds)', { chainIds })
      .andWhere('exists (select 1 from chain_member me where me.chain_id = m.chain_id and me.tenant_id = :tenantId)', { tenantId: this.tenantId })
      .orderBy('m.chain_id').addOrderBy('m.position')
      .getMany();
  }

  /** Nodes of all members of this chain, oldest first. Also what `/rpc` picks its upstreams from (`endpoints.rpc`, `publicKey`). */
  async nodes(chainId: string): Promise<NodeRecord[]> {
    return this.manager
      .createQueryBuilder(ChainNodeEntity, 'n')
      .where('n.chain_id = :chainId', { chainId })
      .andWhere('exists (select 1 from chain_member me where me.chain_id = n.chain_id and me.tenant_id = :tenantId)', { tenantId: this.tenantId })
      .orderBy('n.id')
      .getMany();
  }

  private visible() {
    return this.manager
      .createQueryBuilder(ChainEntity, 'c')
      .where('exists (select 1 from chain_member me where me.chain_id = c.id and me.tenant_id = :tenantId)', { tenantId: this.tenantId });
  }

  /**
   * Stores a founder's signature (checked by the caller) and rings. The same signature again is no error. Throws `notFound`
   * where no founder of the chain has this governance account, `alreadySigned` for another signature.
   */
  async storeFounderSignature(chainId: string, account: string, signature: string): Promise<void> {
    const founder = await firstRow<{ tenant_id: string; founder_signature: string | null }>(
      this.manager,
      `select m.tenant_id, m.founder_signature from chain_member m where m.chain_id = $1 and m.governance_account = $2 and m.role = 'founder'
       and exists (select 1 from chain_member me where me.chain_id = m.chain_id and me.tenant_id = $3) for update of m`,
      [chainId, account.toLowerCase(), this.tenantId],
    );
    if (founder === null) throw new PersistenceError('notFound', 'No founder of this chain has this governance account.');
    if (founder.founder_signature === signature) return;
    if (founder.founder_signature !== null) throw new PersistenceError('alreadySigned', 'This founder has signed already.');
    await this.manager.query('update chain_member set founder_signature = $3 where chain_id = $1 and tenant_id = $2', [chainId, founder.tenant_id, signature]);
    await appendOutbox(this.manager, CHAIN_TOPIC, chainId);
  }

  /**
   * DELETE: the end of the chain where the tenant is its sole member, else of the tenant's own nodes. Asked again, it
   * answers the operation that is already under way. Throws `notFound`.
   */
  async requestRemoval(chainId: string, createdBy: string): Promise<{ chain: ChainRecord; operation: OperationRecord }> {
    if ((await this.get(chainId)) === null) throw new PersistenceError('notFound', 'There is no such chain.');
    await this.manager.query('select 1 from chains where id = $1 for update', [chainId]);
    const members = await this.members([chainId]);
    const alone = members.length === 1;
    const kind = alone ? ('deleteChain' as const) : ('removeMemberNodes' as const);
    const underWay = await this.manager.findOne(OperationEntity, { where: { tenantId: this.tenantId, chainId, kind }, order: { id: 'DESC' } });
    const asked = members.some((member) => member.tenantId === this.tenantId && member.wantsRemoval);
    if (asked && underWay !== null) return { chain: await this.mustGet(chainId), operation: underWay };
    await this.manager.query('update chain_member set wants_removal = true where chain_id = $1 and tenant_id = $2', [chainId, this.tenantId]);
    await rows(this.manager, `update chain_nodes set wanted = 'removed', generation = generation + 1 where chain_id = $1 and tenant_id = $2 and wanted <> 'removed'`, [
      chainId, this.tenantId,
    ]);
    await this.manager.query('update chains set generation = generation + 1, deleted_wanted = deleted_wanted or $2 where id = $1', [chainId, alone]);
    const operation = await insertOperation(this.manager, { tenantId: this.tenantId, chainId, kind, createdBy });
    await appendOutbox(this.manager, CHAIN_TOPIC, chainId);
    return { chain: await this.mustGet(chainId), operation };
  }

  private async mustGet(chainId: string): Promise<ChainRecord> {
    const chain = await this.get(chainId);
    if (chain === null) throw new PersistenceError('notFound', 'There is no such chain.');
    return chain;
  }
}
