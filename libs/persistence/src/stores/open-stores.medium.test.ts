import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { seedTenant, startTestRedis } from '../../testing/index.js';
import { createQueue, openDataSource, openStores, startEmbeddedPostgres, withUser, Tenants, type EmbeddedPostgres } from '../index.js';
import { checkRedis } from './open-stores.js';
import { migrate } from './set-up-database.js';

let home: string;
let server: EmbeddedPostgres;
const folders: string[] = [];
const newHome = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stele-home-'));
  folders.push(folder);
  return folder;
};

beforeAll(async () => {
  home = await newHome();
  server = await startEmbeddedPostgres({ home, settings: { fsync: 'off' } });
  const admin = new Client({ connectionString: server.url });
  await admin.connect();
  for (const [name, attributes] of [['poor', ''], ['boss', 'createrole']]) {
    await admin.query(`create role ${name} login ${attributes} password 'secret'`);
    await admin.query(`create database ${name} owner ${name}`);
  }
  await admin.end();
});
afterAll(async () => {
  await server?.destroy();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

const urlOf = (name: string) => {
  const url = new URL(server.url);
  [url.username, url.password, url.pathname] = [name, 'secret', `/${name}`];
  return url.href;
};

test('DATABASE_URL: a role that may not create roles gets a clear error with the remedy', async () => {
  await expect(openStores({ DATABASE_URL: urlOf('poor') }, await newHome())).rejects.toMatchObject({ code: 'missingPrivilege', message: expect.stringMatching(/CREATEROLE/) as string });
});

test('DATABASE_URL: an owner that is no superuser sets up all, and tenants are isolated', async () => {
  const folder = await newHome();
  const stores = await openStores({ DATABASE_URL: urlOf('boss') }, folder);
  expect(stores.choices).toMatchObject({ database: { kind: 'external' }, queue: { kind: 'postgres' } });
  const gateway = await openDataSource(stores.urls.gateway);
  const [a, b] = [await seedTenant(gateway), await seedTenant(gateway)];
  expect(await withUser(gateway, a.userId, (manager) => new Tenants(manager).memberships(b.userId))).toEqual([]);
  expect((await withUser(gateway, a.userId, (manager) => new Tenants(manager).memberships(a.userId)))[0]?.tenant.id).toBe(a.tenantId);
  await gateway.destroy();
  const queue = createQueue<{ n: number }>(stores.queue, 'numbered');
  expect((await queue.add('look', { n: 1 })).id).toBe('1');
  await queue.close();
  await stores.stop();
  expect(await migrate(urlOf('boss'))).toEqual([]);
  const again = await openStores({ DATABASE_URL: urlOf('boss') }, folder);
  expect(again.urls).toEqual(stores.urls);
});

test('DATABASE_URL: another installation does not take the roles over unless told to', async () => {
  const other = await newHome();
  await expect(openStores({ DATABASE_URL: urlOf('boss') }, other)).rejects.toMatchObject({ message: expect.stringMatching(/STELE_RESET_ROLE_PASSWORDS=1/) as string });
  const stores = await openStores({ DATABASE_URL: urlOf('boss'), STELE_RESET_ROLE_PASSWORDS: '1' }, other);
  await (await openDataSource(stores.urls.provisioner)).destroy();
});

test('an unreachable database or Redis is named without its password', async () => {
  const error = await openStores({ DATABASE_URL: 'postgres://me:hunter2@127.0.0.1:1/x' }, await newHome()).catch((thrown: unknown) => String(thrown));
  expect(error).toMatch(/127\.0\.0\.1:1\/x cannot be reached/);
  expect(error).not.toContain('hunter2');
  await expect(checkRedis('redis://:hunter2@127.0.0.1:1')).rejects.toThrow(/Redis at 127\.0\.0\.1:1 cannot be used/);
});

test('REDIS_URL: the queue goes there; one that evicts is refused', async () => {
  const redis = await startTestRedis();
  if (redis === undefined) return;
  try {
    const stores = await openStores({ DATABASE_URL: urlOf('boss'), REDIS_URL: redis.url, STELE_RESET_ROLE_PASSWORDS: '1' }, await newHome());
    expect(stores.queue).toEqual({ kind: 'redis', url: redis.url });
    const { Redis } = await import('ioredis');
    const client = new Redis(redis.url);
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    client.disconnect();
    await expect(checkRedis(redis.url)).rejects.toThrow(/noeviction/);
  } finally {
    await redis.stop();
  }
});
