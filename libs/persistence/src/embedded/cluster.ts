/** Where an embedded server keeps its data, and how an empty one is made. */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ServerAccount } from './account.js';
import { packagedBinaries, restoreSymlinks, sharedBinaries } from './binaries.js';

/** The superuser of the embedded server; the password lies beside the data. */
export const SUPERUSER = 'stele';
export const SYSTEM_STATE_FOLDER = '/var/lib/stele';

export interface ClusterFolders {
  /** Holds the data, the password, the port and the log; only the server's account (and root) may enter. */
  base: string;
  data: string;
  binaries: string;
  account: ServerAccount;
  /** Where the data of a deleted home of the same name went, where this call has moved them. */
  setAside?: string;
}

/**
 * A normal user's data lies in the home. Root's cannot (the account that the server runs as may not enter there), so it
 * lies under the system's state folder, in a folder named after the home.
 */
export async function clusterFolders(home: string, account: ServerAccount, stateFolder = SYSTEM_STATE_FOLDER): Promise<ClusterFolders> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  if (account.ids === undefined) {
    const base = join(home, 'postgres');
    const binaries = packagedBinaries().folder;
    await restoreSymlinks(binaries).catch(() => undefined); // A read-only checkout had its install script run, or fails at start with a message.
    await mkdir(base, { recursive: true, mode: 0o700 });
    return { base, data: join(base, 'data'), binaries, account };
  }
  const binaries = await sharedBinaries(stateFolder);
  const name = createHash('sha256').update(await realpath(home)).digest('hex').slice(0, 16);
  const base = join(stateFolder, `data-${name}`);
  const setAside = await setAsideOrphan(home, base);
  await mkdir(base, { recursive: true, mode: 0o700 });
  await chown(base, account.ids.uid, account.ids.gid);
  await writeFile(join(home, 'postgres-data'), `${base}\n`);
  return { base, data: join(base, 'data'), binaries, account, ...(setAside === undefined ? {} : { setAside }) };
}

/** A home that was deleted and made anew must not find the data of its predecessor, whose keys are gone. Answers where they went. */
async function setAsideOrphan(home: string, base: string): Promise<string | undefined> {
  if (existsSync(join(home, 'postgres-data')) || !existsSync(base)) return undefined;
  const target = `${base}-set-aside-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  await rename(base, target);
  return target;
}

/** Makes the cluster where there is none: complete or not at all. Answers the superuser's password. */
export async function ensureCluster(folders: ClusterFolders, initdbOptions: readonly string[] = []): Promise<string> {
  const passwordFile = join(folders.base, 'password');
  if (!existsSync(folders.data)) await createCluster(folders, passwordFile, initdbOptions);
  return (await readFile(passwordFile, 'utf8')).trim();
}

async function createCluster(folders: ClusterFolders, passwordFile: string, more: readonly string[]): Promise<void> {
  const building = `${folders.data}.new`;
  await rm(building, { recursive: true, force: true });
  await rm(passwordFile, { force: true });
  await writeFile(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  await chmod(passwordFile, 0o600);
  if (folders.account.ids !== undefined) await chown(passwordFile, folders.account.ids.uid, folders.account.ids.gid);
  const options = [
    '-D', building, '-U', SUPERUSER, `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '-E', 'UTF8', '--locale-provider=builtin', '--locale=C.UTF-8', '--no-instructions', ...more,
  ];
  try {
    await promisify(execFile)(join(folders.binaries, 'bin', 'initdb'), options, { ...folders.account.ids, cwd: '/', env: serverEnvironment() });
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new Error(`The embedded PostgreSQL could not make its data folder ${folders.data}: ${(stderr ?? String(error)).trim()}`);
  }
  await rename(building, folders.data);
}

/** Ours may name folders that the server's account cannot enter. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}
