/** The stores of one installation, chosen by the environment: what `npm start` brings up first. */
import { Redis } from 'ioredis';
import { startEmbeddedPostgres } from '../embedded/embedded-postgres.js';
import type { QueueConnection } from '../queue/queue.js';
import { rolePasswords, urlAs } from './secrets.js';
import { setUpDatabase } from './set-up-database.js';

export interface Choice {
  kind: string;
  /** For people. */
  why: string;
}

export interface Stores {
  /** `owner` is for set-up and the first admin only; each program gets its own. */
  urls: { owner: string; gateway: string; provisioner: string };
  queue: QueueConnection;
  /** Where the data of a deleted home of the same name went, where this start has moved them: nothing reads them again. */
  setAside: string | undefined;
  choices: { database: Choice & { kind: 'embedded' | 'external' }; queue: Choice & { kind: 'postgres' | 'redis' } };
  /** Stops what was started here; data stay. */
  stop(): Promise<void>;
  /** Stops, and removes the embedded server's data for good, wherever they lie. An external database is left alone. */
  destroy(): Promise<void>;
}

export interface OpenStoresOptions {
  /** Settings of the embedded server; see `startEmbeddedPostgres`. */
  settings?: Record<string, string>;
  stateFolder?: string;
}

/** Starts or reaches the database, sets it up, and chooses the queue. What was started is stopped again where a step fails. */
export async function openStores(env: NodeJS.ProcessEnv, home: string, options: OpenStoresOptions = {}): Promise<Stores> {
  const external = env['DATABASE_URL'] === '' ? undefined : env['DATABASE_URL'];
  const embedded = external === undefined ? await startEmbeddedPostgres({ home, ...options }) : undefined;
  const stop = async () => embedded?.stop();
  try {
    const owner = external ?? embedded?.url ?? '';
    const secrets = await rolePasswords(home);
    await setUpDatabase({ ownerUrl: owner, secrets, mayResetPasswords: embedded !== undefined || env['STELE_RESET_ROLE_PASSWORDS'] === '1' });
    const urls = { owner, gateway: urlAs(owner, 'gateway', secrets.passwords.gateway), provisioner: urlAs(owner, 'provisioner', secrets.passwords.provisioner) };
    const redisUrl = env['REDIS_URL'] === '' ? undefined : env['REDIS_URL'];
    if (redisUrl !== undefined) await checkRedis(redisUrl);
    return {
      urls,
      queue: redisUrl === undefined ? { kind: 'postgres', connectionString: urlAs(owner, 'queue', secrets.passwords.queue) } : { kind: 'redis', url: redisUrl },
      setAside: embedded?.setAside,
      choices: {
        database:
          embedded === undefined
            ? { kind: 'external', why: `DATABASE_URL is set (${new URL(owner).host})` }
            : { kind: 'embedded', why: `no DATABASE_URL; PostgreSQL runs on 127.0.0.1:${embedded.port}, data in ${embedded.dataFolder}` },
        queue:
          redisUrl === undefined
            ? { kind: 'postgres', why: 'no REDIS_URL; BullMQ keeps its jobs in PostgreSQL' }
            : { kind: 'redis', why: `REDIS_URL is set (${new URL(redisUrl).host})` },
      },
      stop,
      destroy: async () => embedded?.destroy(),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A Redis that evicts keys loses jobs in silence. Throws, with the remedy; where CONFIG is forbidden, trusts the operator. */
export async function checkRedis(url: string): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1, retryStrategy: () => null, connectTimeout: 5_000 });
  redis.on('error', () => undefined); // The same error rejects `connect`.
  try {
    await redis.connect();
    const answer = await redis.config('GET', 'maxmemory-policy').catch(() => undefined);
    const policy = Array.isArray(answer) ? String(answer[1]) : 'noeviction';
    if (policy !== 'noeviction') throw new Error(`its maxmemory-policy is ${policy}, which loses jobs; set it to noeviction (and switch AOF on)`);
  } catch (error) {
    throw new Error(`Redis at ${new URL(url).host} cannot be used: ${error instanceof Error ? error.message : String(error)}. Check REDIS_URL, or unset it to keep the queue in PostgreSQL.`);
  } finally {
    redis.disconnect();
  }
}
