import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export type StoreRole = 'gateway' | 'provisioner' | 'queue';
export const STORE_ROLES: readonly StoreRole[] = ['gateway', 'provisioner', 'queue'];

/** Passwords of the database roles, made once and kept in the home for its owner only. */
export interface RolePasswords {
  file: string;
  passwords: Record<StoreRole, string>;
}

export async function rolePasswords(home: string): Promise<RolePasswords> {
  const folder = join(home, 'secrets');
  const file = join(folder, 'database.json');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (!existsSync(file)) {
    const made = Object.fromEntries(STORE_ROLES.map((role) => [role, randomBytes(24).toString('base64url')]));
    await writeFile(`${file}.new`, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
  }
  const stored = JSON.parse(await readFile(file, 'utf8')) as Partial<Record<StoreRole, unknown>>;
  const passwords = Object.fromEntries(
    STORE_ROLES.map((role) => {
      const password = stored[role];
      if (typeof password !== 'string' || password.length < 16) throw new Error(`${file} lacks the password of stele_${role}. Restore the file, or delete it to have new passwords made.`);
      return [role, password];
    }),
  ) as Record<StoreRole, string>;
  return { file, passwords };
}

/** The same server and database, as another role. */
export function urlAs(url: string, role: StoreRole, password: string): string {
  const other = new URL(url);
  other.username = `stele_${role}`;
  other.password = password;
  return other.href;
}
