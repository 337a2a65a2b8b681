import { randomBytes } from 'node:crypto';
import { hash } from '@node-rs/argon2';
import { createDataSource, ensurePlatformAdmin } from '#persistence';

export interface FirstAdmin {
  email: string;
  password: string;
}

const EMAIL = 'admin@stele.local';
/** As the gateway hashes passwords: OWASP's second argon2id setting. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Creates the first platform admin of an empty installation; undefined where there is one already. */
export async function ensureFirstAdmin(ownerUrl: string): Promise<FirstAdmin | undefined> {
  const password = randomBytes(18).toString('base64url');
  const dataSource = await createDataSource(ownerUrl).initialize();
  try {
    const made = await ensurePlatformAdmin(dataSource, { email: EMAIL, name: 'Platform admin', passwordHash: await hash(password, ARGON2) });
    return made === null ? undefined : { email: made.email, password };
  } finally {
    await dataSource.destroy();
  }
}
