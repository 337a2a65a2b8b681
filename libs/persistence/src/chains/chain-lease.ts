/**
 * One lease per chain: whoever holds it reconciles the chain. The epoch rises with each acquisition, so work of a former
 * holder is told apart. Time is the database's own. The same owner cannot acquire twice: a job that a queue runs again
 * while the first run still lives must not share the lease.
 */
import type { DataSource, EntityManager } from 'typeorm';
import { PersistenceError } from '../database/errors.js';
import { firstRow, rows } from '../database/sql.js';

export interface ChainLease {
  chainId: string;
  /** Names the process, freshly made at each start. */
  owner: string;
  epoch: number;
}

const HELD = 'id = $1 and lease_owner = $2 and lease_epoch = $3 and lease_until > clock_timestamp()';
const parameters = (lease: ChainLease) => [lease.chainId, lease.owner, lease.epoch];

function lost(lease: ChainLease): PersistenceError {
  return new PersistenceError('leaseLost', `The lease on chain ${lease.chainId} was lost (epoch ${lease.epoch}).`, { ...lease });
}

/** Provisioner. */
export class ChainLeases {
  constructor(private readonly dataSource: DataSource) {}

  /** Null while somebody holds it, or when there is no such chain. */
  async acquire(chainId: string, owner: string, ttlMs: number): Promise<ChainLease | null> {
    const taken = await rows<{ lease_epoch: number }>(
      this.dataSource.manager,
      `update chains set lease_owner = $2, lease_epoch = lease_epoch + 1, lease_until = clock_timestamp() + $3 * interval '1 millisecond'
       where id = $1 and (lease_until is null or lease_until <= clock_timestamp()) returning lease_epoch`,
      [chainId, owner, ttlMs],
    );
    return taken[0] === undefined ? null : { chainId, owner, epoch: taken[0].lease_epoch };
  }

  /** Throws `leaseLost`. */
  async renew(lease: ChainLease, ttlMs: number): Promise<void> {
    const kept = await rows(
      this.dataSource.manager,
      `update chains set lease_until = clock_timestamp() + $4 * interval '1 millisecond' where ${HELD} returning id`,
      [...parameters(lease), ttlMs],
    );
    if (kept.length !== 1) throw lost(lease);
  }

  /** Reads the lease again: to be called just before anything destructive. Throws `leaseLost`. */
  async assertHeld(lease: ChainLease): Promise<void> {
    if ((await firstRow(this.dataSource.manager, `select 1 from chains where ${HELD}`, parameters(lease))) === null) throw lost(lease);
  }

  /** Gives it back; no error when it is lost already. */
  async release(lease: ChainLease): Promise<void> {
    await this.dataSource.query('update chains set lease_owner = null, lease_until = null where id = $1 and lease_owner = $2 and lease_epoch = $3', parameters(lease));
  }
}

/**
 * Provisioner: every write of what was seen. The chain's row stays locked for the transaction, so nobody can take the
 * lease over between the check and the commit. Keep it short: no call to a runtime or a node inside. Throws `leaseLost`.
 */
export async function withLease<T>(dataSource: DataSource, lease: ChainLease, work: (manager: EntityManager) => Promise<T>): Promise<T> {
  return dataSource.transaction(async (manager) => {
    if ((await firstRow(manager, `select 1 from chains where ${HELD} for no key update`, parameters(lease))) === null) throw lost(lease);
    return work(manager);
  });
}
