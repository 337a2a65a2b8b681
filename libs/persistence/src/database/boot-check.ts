import type { DataSource } from 'typeorm';
import { PersistenceError } from './errors.js';
import { firstRow } from './sql.js';

/**
 * Refuses to run under a role that row-level security does not bind: a superuser, a role with BYPASSRLS, the owner of the
 * tables, or a member of any of these. Throws `unsafeRole`.
 */
export async function assertSafeRole(dataSource: DataSource): Promise<void> {
  const role = await firstRow<{ name: string; powerful: string | null; owner: string | null }>(
    dataSource.manager,
    `select current_user as name,
       (select string_agg(r.rolname, ', ') from pg_roles r where (r.rolsuper or r.rolbypassrls) and pg_has_role(current_user, r.oid, 'member')) as powerful,
       (select string_agg(distinct r.rolname, ', ') from pg_class c join pg_roles r on r.oid = c.relowner
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and pg_has_role(current_user, r.oid, 'member')) as owner`,
  );
  const why = role?.powerful != null ? `has the rights of ${role.powerful}, which bypasses row-level security` : role?.owner != null ? `has the rights of ${role.owner}, which owns the tables` : null;
  if (role === null || why !== null) {
    throw new PersistenceError(
      'unsafeRole',
      `The database role ${role?.name ?? '?'} ${why ?? 'is unknown'}: tenants would not be isolated, so this program does not start. Connect as stele_gateway or stele_provisioner (set-up makes them).`,
    );
  }
}
