/**
 * The one-time set-up behind docker-compose.yml: database roles with the passwords that the environment gives, migrations,
 * the queue's schema, the first platform admin. Doing it again changes nothing, save that changed passwords take effect.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStores } from '#persistence';
import { ensureFirstAdmin, shown } from '../platform/first-admin.js';

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set: see docker/compose.env.example.`);
  return value;
}

/** The file in which `openStores` looks for the roles' passwords. */
function writePasswords(home: string): void {
  const passwords = { gateway: required('STELE_GATEWAY_PASSWORD'), provisioner: required('STELE_PROVISIONER_PASSWORD'), queue: randomBytes(24).toString('base64url') };
  mkdirSync(join(home, 'secrets'), { recursive: true, mode: 0o700 });
  writeFileSync(join(home, 'secrets', 'database.json'), `${JSON.stringify(passwords)}\n`, { mode: 0o600 });
}

async function main(): Promise<void> {
  const home = required('STELE_HOME');
  required('DATABASE_URL');
  writePasswords(home);
  const stores = await openStores({ ...process.env, STELE_RESET_ROLE_PASSWORDS: '1' }, home);
  const admin = await ensureFirstAdmin(stores.urls.owner, home);
  await stores.stop();
  if (admin === undefined) process.stdout.write('The stores are ready; there is a platform admin already.\n');
  else {
    process.stdout.write(`The stores are ready. The first platform admin, shown this once:\n  email     ${admin.email}\n  password  ${admin.password}\n`);
    shown(home);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
