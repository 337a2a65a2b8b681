import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hash } from '@node-rs/argon2';
import { createDataSource, ensurePlatformAdmin, resetPlatformAdmin } from '#persistence';

export interface FirstAdmin {
  email: string;
  password: string;
}

const EMAIL = 'admin@stele.local';
/** As the gateway hashes passwords: OWASP's second argon2id setting. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

const fileOf = (home: string): string => join(home, 'first-admin.json');

/**
 * Creates the first platform admin of an empty installation. The password stands in the home (mode 0600) from before the admin
 * exists until `shown` says that somebody has seen it: a start that is interrupted loses nothing.
 * Undefined where there is an admin whose password was shown.
 */
export async function ensureFirstAdmin(ownerUrl: string, home: string): Promise<FirstAdmin | undefined> {
  const dataSource = await createDataSource(ownerUrl).initialize();
  try {
    const kept = keptAdmin(home);
    const admin = kept ?? { email: EMAIL, password: randomBytes(18).toString('base64url') };
    if (kept === undefined) keep(home, admin);
    const made = await ensurePlatformAdmin(dataSource, { email: admin.email, name: 'Platform admin', passwordHash: await hash(admin.password, ARGON2) });
    if (made !== null || kept !== undefined) return admin;
    shown(home);
    return undefined;
  } finally {
    await dataSource.destroy();
  }
}

/** Gives the first admin a new password and ends its sessions. @throws Error where there is no such admin. */
export async function resetFirstAdmin(ownerUrl: string): Promise<FirstAdmin> {
  const dataSource = await createDataSource(ownerUrl).initialize();
  try {
    const admin = { email: EMAIL, password: randomBytes(18).toString('base64url') };
    if (!(await resetPlatformAdmin(dataSource, admin.email, await hash(admin.password, ARGON2)))) throw new Error(`There is no platform admin ${EMAIL} in this installation.`);
    return admin;
  } finally {
    await dataSource.destroy();
  }
}

/** Somebody has seen the password: from now on only its hash is kept. */
export function shown(home: string): void {
  rmSync(fileOf(home), { force: true });
}

function keptAdmin(home: string): FirstAdmin | undefined {
  return existsSync(fileOf(home)) ? (JSON.parse(readFileSync(fileOf(home), 'utf8')) as FirstAdmin) : undefined;
}

function keep(home: string, admin: FirstAdmin): void {
  const path = fileOf(home);
  writeFileSync(`${path}.new`, JSON.stringify(admin), { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}
