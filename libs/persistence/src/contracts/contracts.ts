import { newId } from '#contracts';
import type { EntityManager } from 'typeorm';
import { firstRow } from '../database/sql.js';
import { ContractEntity, type ContractListRecord, type ContractRecord, type ContractSource, type Verification } from './contract.entity.js';

export interface NewContract {
  chainId: string;
  createdBy: string;
  name: string;
  abi: Record<string, unknown>[];
  creationCode: string;
  source: ContractSource | null;
}

export interface ContractDeployed {
  address: string;
  blockNumber: number;
  verification: Verification | null;
}

/** What was prepared and is not signed by then is forgotten when its tenant prepares another. */
const PREPARED_DAYS = 7;

/** Gateway, in `withTenant`: contracts of chains of which the tenant is a member. */
export class Contracts {
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  async prepare(input: NewContract): Promise<ContractRecord> {
    await this.manager.query(
      `delete from contracts where tenant_id = $1 and chain_id = $2 and status = 'prepared' and created_at < now() - make_interval(days => $3)`,
      [this.tenantId, input.chainId, PREPARED_DAYS],
    );
    const id = newId('contract');
    await this.manager.query('insert into contracts (id, chain_id, tenant_id, created_by, name, abi, creation_code, source) values ($1, $2, $3, $4, $5, $6, $7, $8)', [
      id, input.chainId, this.tenantId, input.createdBy, input.name, JSON.stringify(input.abi), input.creationCode, input.source === null ? null : JSON.stringify(input.source),
    ]);
    return this.one(input.chainId, id);
  }

  /** Whole; null where the chain has none of this id. */
  async get(chainId: string, id: string): Promise<ContractRecord | null> {
    return this.manager.createQueryBuilder(ContractEntity, 'c').addSelect(['c.abi', 'c.creationCode', 'c.source']).where('c.id = :id and c.chain_id = :chainId', { id, chainId }).getOne();
  }

  /** Newest first; those at one address where it is given. */
  async list(chainId: string, page: { limit: number; before?: string }, address?: string): Promise<ContractListRecord[]> {
    const query = this.manager.createQueryBuilder(ContractEntity, 'c').where('c.chain_id = :chainId', { chainId }).orderBy('c.id', 'DESC').limit(page.limit);
    if (page.before !== undefined) query.andWhere('c.id < :before', { before: page.before });
    if (address !== undefined) query.andWhere('c.address = :address', { address });
    return query.getMany();
  }

  /** Before it is sent: whoever finds the row later can ask the chain. Another transaction may follow one that came to nothing. */
  async sending(id: string, transactionHash: string): Promise<void> {
    await this.manager.query(
      `update contracts set status = 'sent', transaction_hash = $3, reason = null where id = $1 and tenant_id = $2 and status in ('prepared', 'sent', 'failed')`,
      [id, this.tenantId, transactionHash],
    );
  }

  /** The transaction was refused before any node held it. */
  async refused(id: string, transactionHash: string): Promise<void> {
    await this.manager.query(`update contracts set status = 'prepared', transaction_hash = null where id = $1 and tenant_id = $2 and status = 'sent' and transaction_hash = $3`, [
      id, this.tenantId, transactionHash,
    ]);
  }

  async failed(id: string, reason: string): Promise<void> {
    await this.manager.query(`update contracts set status = 'failed', reason = $3 where id = $1 and tenant_id = $2 and status = 'sent'`, [id, this.tenantId, reason.slice(0, 2000)]);
  }

  async deployed(id: string, { address, blockNumber, verification }: ContractDeployed): Promise<void> {
    await this.manager.query(
      `update contracts set status = 'deployed', reason = null, address = $3, block_number = $4, verification = $5 where id = $1 and tenant_id = $2 and status = 'sent'`,
      [id, this.tenantId, address, blockNumber, verification],
    );
  }

  /** Sources for code that stands on the chain: the tenant's own row of that address, made where there is none. */
  async verified(input: Omit<NewContract, 'creationCode' | 'source'> & { address: string; source: ContractSource; verification: Verification }): Promise<ContractRecord> {
    const row = await firstRow<{ id: string }>(
      this.manager,
      `insert into contracts (id, chain_id, tenant_id, created_by, name, status, abi, source, address, verification) values ($1, $2, $3, $4, $5, 'deployed', $6, $7, $8, $9)
       on conflict (chain_id, tenant_id, address) where address is not null
       do update set name = excluded.name, abi = excluded.abi, source = excluded.source, verification = excluded.verification
       returning id`,
      [newId('contract'), input.chainId, this.tenantId, input.createdBy, input.name, JSON.stringify(input.abi), JSON.stringify(input.source), input.address, input.verification],
    );
    return this.one(input.chainId, row?.id ?? '');
  }

  private async one(chainId: string, id: string): Promise<ContractRecord> {
    const record = await this.get(chainId, id);
    if (record === null) throw new Error(`contract ${id} was written and is not there`);
    return record;
  }
}
