import { Client } from 'pg';
import { PersistenceError } from '../database/errors.js';
import { STORE_ROLES, urlAs, type RolePasswords, type StoreRole } from './secrets.js';

export interface EnsureRoles {
  ownerUrl: string;
  secrets: RolePasswords;
  /** Whether the passwords of existing roles may be changed: our own server yes; a shared one only when asked. */
  mayResetPasswords: boolean;
}

/**
 * Makes `stele_gateway`, `stele_provisioner` and `stele_queue` where they are missing, each able to log in with our
 * password. Throws `missingPrivilege` with the remedy where the owner may not.
 */
export async function ensureRoles(owner: Client, input: EnsureRoles): Promise<void> {
  for (const role of STORE_ROLES) {
    const password = input.secrets.passwords[role];
    const { rows } = await owner.query<{ exists: boolean; powerful: boolean | null }>(
      'select (r.oid is not null) as exists, (r.rolsuper or r.rolbypassrls) as powerful from (select 1) one left join pg_roles r on r.rolname = $1',
      [`stele_${role}`],
    );
    if (rows[0]?.powerful === true) {
      throw new PersistenceError('unsafeRole', `The database role stele_${role} bypasses row-level security. Run: ALTER ROLE stele_${role} NOSUPERUSER NOBYPASSRLS`);
    }
    if (rows[0]?.exists !== true) await makeRole(owner, role, password, input.secrets.file);
    else if (!(await canLogIn(urlAs(input.ownerUrl, role, password)))) await resetPassword(owner, role, password, input);
  }
}

async function canLogIn(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

const attributes = 'login nosuperuser nocreatedb nocreaterole noreplication nobypassrls';

async function makeRole(owner: Client, role: StoreRole, password: string, file: string): Promise<void> {
  try {
    await owner.query(`create role stele_${role} ${attributes} password ${owner.escapeLiteral(password)}`);
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error;
    throw new PersistenceError(
      'missingPrivilege',
      `The role of DATABASE_URL may not create the database role stele_${role}. Either run ALTER ROLE … CREATEROLE for it as an administrator, ` +
        `or have an administrator run CREATE ROLE stele_${role} LOGIN PASSWORD '…' (likewise for the other two of ${STORE_ROLES.map((one) => `stele_${one}`).join(', ')}), with the passwords in ${file}; then start again.`,
      { role: `stele_${role}` },
    );
  }
}

async function resetPassword(owner: Client, role: StoreRole, password: string, input: EnsureRoles): Promise<void> {
  const remedy =
    `The database role stele_${role} exists, but its password is not the one in ${input.secrets.file}. If another installation uses this PostgreSQL server, give this one a server of its own. ` +
    `Otherwise restore that file, or start once with STELE_RESET_ROLE_PASSWORDS=1 to set new passwords.`;
  if (!input.mayResetPasswords) throw new PersistenceError('missingPrivilege', remedy, { role: `stele_${role}` });
  try {
    await owner.query(`alter role stele_${role} login password ${owner.escapeLiteral(password)}`);
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error;
    throw new PersistenceError('missingPrivilege', `${remedy} The role of DATABASE_URL may not change it: an administrator has to.`, { role: `stele_${role}` });
  }
}
