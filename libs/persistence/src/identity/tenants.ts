import { newId } from '#contracts';
import type { DataSource, EntityManager } from 'typeorm';
import { PersistenceError, translateConstraints } from '../database/errors.js';
import { rows } from '../database/sql.js';
import { withAccess } from '../database/unit-of-work.js';
import { TenantEntity, type MembershipRecord, type TenantRecord, type TenantRole } from './tenant.entity.js';
import type { UserRecord } from './user.entity.js';
import { Users } from './users.js';

export interface RegisterTenant {
  name: string;
  slug: string;
  owner: { email: string; name: string; passwordHash: string };
}

/**
 * Gateway. Registers an organization with its first owner in one transaction, which has rights over just these two new
 * rows. Throws `emailTaken` or `slugTaken`.
 */
export async function registerTenant(dataSource: DataSource, input: RegisterTenant): Promise<{ tenant: TenantRecord; user: UserRecord }> {
  const [tenantId, userId] = [newId('tenant'), newId('user')];
  return withAccess(dataSource, { tenantId, userId }, async (manager) =>
    translateConstraints(
      {
        users_email_key: () => new PersistenceError('emailTaken', 'An account with this email exists.'),
        tenants_slug_key: () => new PersistenceError('slugTaken', 'An organization with this slug exists.', { slug: input.slug }),
      },
      async () => {
        await manager.query('insert into users (id, email, name, password_hash) values ($1, $2, $3, $4)', [
          userId, input.owner.email.toLowerCase(), input.owner.name, input.owner.passwordHash,
        ]);
        await manager.query('insert into tenants (id, name, slug) values ($1, $2, $3)', [tenantId, input.name, input.slug]);
        await manager.query(`insert into tenant_user (tenant_id, user_id, role) values ($1, $2, 'owner')`, [tenantId, userId]);
        const user = await new Users(manager).get(userId);
        const tenant = await new Tenants(manager).get(tenantId);
        if (user === null || tenant === null) throw new PersistenceError('conflict', 'The new tenant cannot be read back.');
        return { tenant, user };
      },
    ),
  );
}

/** Gateway. Organizations of the caller. */
export class Tenants {
  constructor(private readonly manager: EntityManager) {}

  async get(tenantId: string): Promise<TenantRecord | null> {
    return this.manager.findOneBy(TenantEntity, { id: tenantId });
  }

  /** What this person may act for, oldest first. In `withUser`. */
  async memberships(userId: string): Promise<MembershipRecord[]> {
    const found = await rows<{ id: string; name: string; slug: string; created_at: Date; role: TenantRole }>(
      this.manager,
      'select t.id, t.name, t.slug, t.created_at, m.role from tenant_user m join tenants t on t.id = m.tenant_id where m.user_id = $1 order by m.tenant_id',
      [userId],
    );
    return found.map((row) => ({ tenant: { id: row.id, name: row.name, slug: row.slug, createdAt: row.created_at }, role: row.role }));
  }
}
