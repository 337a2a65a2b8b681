/**
 * Units of work. Everything that the gateway does runs in one of these: the settings that row-level security reads are
 * local to the transaction (`set_config(…, true)`), so a pooled connection never carries one caller's rights to the next.
 */
import type { DataSource, EntityManager } from 'typeorm';

/** Who asks. Nothing set sees nothing but what the narrow look-up functions give. */
export interface Access {
  tenantId?: string;
  userId?: string;
  /** The caller is a platform admin or operator: data centers may be written, and nothing more is seen of tenants. */
  platform?: boolean;
}

/** One transaction, committed when `work` resolves and rolled back when it throws. The provisioner uses it as it is. */
export async function withTransaction<T>(dataSource: DataSource, work: (manager: EntityManager) => Promise<T>): Promise<T> {
  return dataSource.transaction(work);
}

/** One transaction with the caller's rights. All three settings are always set, so none is inherited. */
export async function withAccess<T>(dataSource: DataSource, access: Access, work: (manager: EntityManager) => Promise<T>): Promise<T> {
  return dataSource.transaction(async (manager) => {
    await manager.query(`select set_config('stele.tenant', $1, true), set_config('stele.user', $2, true), set_config('stele.platform', $3, true)`, [
      access.tenantId ?? '',
      access.userId ?? '',
      access.platform === true ? 'on' : '',
    ]);
    return work(manager);
  });
}

/** Gateway: a request that acts for a tenant, after the caller's membership was checked (`Tenants.memberships`). */
export function withTenant<T>(
  dataSource: DataSource,
  access: { tenantId: string; userId: string },
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  return withAccess(dataSource, { tenantId: access.tenantId, userId: access.userId }, work);
}

/** Gateway: a request about the caller itself (`/v1/me`, sessions). */
export function withUser<T>(dataSource: DataSource, userId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
  return withAccess(dataSource, { userId }, work);
}

/** Gateway: a request of a platform admin or operator. */
export function withPlatform<T>(dataSource: DataSource, userId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
  return withAccess(dataSource, { userId, platform: true }, work);
}
