import { Inject, Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { CodedError, type ChainOperationView, type ChainView, type CreateChainRequest, type FieldError, type NodeView, type Page, type PageQuery } from '#contracts';
import { Chains, DataCenters, PersistenceError, withTenant, type NewChain } from '#persistence';
import type { TenantIdentity } from '../auth/identity.js';
import { DATABASE } from '../database.js';
import { Idempotency } from '../http/idempotency.js';
import { pageOf, pageRequest } from '../http/pages.rules.js';
import { operationView } from '../operations/operation.view.js';
import { chainRequestHints, checkChainRequest } from './chain-request.rules.js';
import { chainView, nodeView } from './chain.view.js';

/** What members want of their chains. Whoever is no member gets `not_found`, as for a chain that never was. */
@Injectable()
export class ChainsService {
  constructor(
    @Inject(DATABASE) private readonly dataSource: DataSource,
    private readonly idempotency: Idempotency,
  ) {}

  /** @throws CodedError `validation_failed`, `data_center_unavailable`, `member_unknown`, or those of idempotency */
  create(caller: TenantIdentity, body: CreateChainRequest, key: string | undefined): Promise<ChainOperationView> {
    checkChainRequest(body, caller.tenantId);
    const access = { tenantId: caller.tenantId, userId: caller.userId };
    return this.idempotency.run(access, { key, route: 'POST /v1/chains', body }, 202, async (manager) => {
      const wanted: NewChain = {
        createdBy: caller.userId,
        name: body.name,
        faultModel: body.faultModel,
        access: body.access,
        params: body.params,
        alloc: body.alloc,
        members: body.members.map(({ tenant, ...member }) => ({ ...member, tenantId: tenant === 'self' ? caller.tenantId : tenant })),
        nodes: await placedNodes(manager, body),
      };
      const made = await insertChain(new Chains(manager, caller.tenantId), wanted);
      const hints = chainRequestHints(body);
      return { chain: chainView(made.chain, made.members), operation: operationView(made.operation), ...(hints.length === 0 ? {} : { hints }) };
    });
  }

  async list(caller: TenantIdentity, query: PageQuery): Promise<Page<ChainView>> {
    const page = pageRequest('chain', query);
    return this.read(caller, async (chains) => {
      const records = await chains.list(page);
      const members = await chains.members(records.map((record) => record.id));
      return pageOf(records, query, (record) => chainView(record, members));
    });
  }

  async get(caller: TenantIdentity, id: string): Promise<ChainView> {
    return this.read(caller, async (chains) => {
      const record = await chains.get(id);
      if (record === null) throw new CodedError('not_found');
      return chainView(record, await chains.members([id]));
    });
  }

  /** All members' nodes: who runs what is every member's business. */
  async nodes(caller: TenantIdentity, id: string): Promise<Page<NodeView>> {
    return this.read(caller, async (chains) => {
      if ((await chains.get(id)) === null) throw new CodedError('not_found');
      return { data: (await chains.nodes(id)).map(nodeView), nextCursor: null, hasMore: false };
    });
  }

  /** The end of the caller's own nodes, or of the chain where it is the sole member. Asking again answers the same operation. */
  async remove(caller: TenantIdentity, id: string): Promise<ChainOperationView> {
    return this.read(caller, async (chains) => {
      const { chain, operation } = await chains.requestRemoval(id, caller.userId);
      return { chain: chainView(chain, await chains.members([id])), operation: operationView(operation) };
    });
  }

  private read<T>(caller: TenantIdentity, work: (chains: Chains) => Promise<T>): Promise<T> {
    return withTenant(this.dataSource, caller, (manager) => work(new Chains(manager, caller.tenantId)));
  }
}

/** One entry per node, its data center by id. Every unusable data center is named. */
async function placedNodes(manager: EntityManager, body: CreateChainRequest): Promise<NewChain['nodes']> {
  const dataCenters = new DataCenters(manager);
  const nodes: NewChain['nodes'] = [];
  const errors: FieldError[] = [];
  for (const [index, placement] of body.nodes.entries()) {
    const found = await dataCenters.get(placement.dataCenter);
    const fault = found === null ? 'there is no such data center' : found.cordoned ? 'the data center takes no new nodes' : found.status === 'refused' ? 'the data center is refused' : found.status === 'unreachable' ? 'the data center cannot be reached now: try again when it can, or choose another' : null;
    if (found === null || fault !== null) {
      errors.push({ path: `nodes.${index}.dataCenter`, message: fault ?? 'unusable' });
      continue;
    }
    const power = placement.kind === 'validator' ? 1 : 0;
    for (let i = 0; i < placement.count; i++) nodes.push({ dataCenterId: found.id, kind: placement.kind, power });
  }
  if (errors.length > 0) throw new CodedError('data_center_unavailable', undefined, { errors });
  return nodes;
}

async function insertChain(chains: Chains, wanted: NewChain) {
  try {
    return await chains.create(wanted);
  } catch (error) {
    if (error instanceof PersistenceError && error.code === 'notFound' && error.data['what'] === 'tenant') {
      throw new CodedError('member_unknown', 'a tenant named in members does not exist', { cause: error });
    }
    throw error;
  }
}
