import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';

/** Whom the server runs as. PostgreSQL refuses root, so root lends it an unprivileged account of the system. */
export interface ServerAccount {
  name: string;
  /** Only where it differs from ours. */
  ids: { uid: number; gid: number } | undefined;
}

const LENT_BY_ROOT = ['postgres', 'nobody'];

/** Throws, with the remedy, where no account fits. */
export function serverAccount(uid = process.getuid?.(), passwd: () => string = () => readFileSync('/etc/passwd', 'utf8')): ServerAccount {
  if (uid === undefined) throw new Error('The embedded PostgreSQL needs Linux or macOS. Set DATABASE_URL to a PostgreSQL of your own.');
  if (uid !== 0) {
    try {
      return { name: userInfo().username, ids: undefined };
    } catch {
      throw new Error(`User id ${uid} has no entry in /etc/passwd, and PostgreSQL refuses to run without one. Add an entry, run as another user, or set DATABASE_URL.`);
    }
  }
  const entries = passwd().split('\n').map((line) => line.split(':'));
  for (const name of LENT_BY_ROOT) {
    const entry = entries.find((fields) => fields[0] === name);
    const ids = { uid: Number(entry?.[2]), gid: Number(entry?.[3]) };
    if (entry !== undefined && ids.uid > 0 && ids.gid >= 0) return { name, ids };
  }
  throw new Error('PostgreSQL refuses to run as root, and this system has neither a user "postgres" nor "nobody". Add one, start Stele as a normal user, or set DATABASE_URL.');
}
