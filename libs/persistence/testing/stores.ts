/**
 * Real stores for medium tests. `startTestStores` starts a server of its own in a temporary home (about a second);
 * `database()` clones the migrated database in some 50 ms, so that each test may have one to itself.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { createDataSource, openDataSource, openStores, type QueueConnection, type Stores } from '../src/index.js';

const TEMPLATE = 'stele_template';

export interface TestDatabase {
  urls: { owner: string; gateway: string; provisioner: string };
  owner: DataSource;
  gateway: DataSource;
  provisioner: DataSource;
  close(): Promise<void>;
}

export interface TestStores {
  stores: Stores;
  /** BullMQ's PostgreSQL backend on this server. */
  queue: QueueConnection;
  home: string;
  database(): Promise<TestDatabase>;
  /** Closes every database, stops the server and removes its data. */
  stop(): Promise<void>;
}

export async function startTestStores(): Promise<TestStores> {
  const home = await mkdtemp(join(tmpdir(), 'stele-stores-'));
  const env = { ...process.env, DATABASE_URL: undefined, REDIS_URL: undefined };
  const stores = await openStores(env, home, { settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } });
  await onServer(stores.urls.owner, `create database ${TEMPLATE} template stele`);
  const opened = new Set<TestDatabase>();
  return {
    stores,
    queue: stores.queue,
    home,
    database: async () => {
      const name = `test_${randomBytes(6).toString('hex')}`;
      await onServer(stores.urls.owner, `create database ${name} template ${TEMPLATE}`);
      const database = await openDatabase(stores, name);
      opened.add(database);
      return { ...database, close: () => (opened.delete(database), database.close()) };
    },
    stop: async () => {
      for (const database of opened) await database.close();
      await stores.destroy();
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function openDatabase(stores: Stores, name: string): Promise<TestDatabase> {
  const at = (url: string) => {
    const other = new URL(url);
    other.pathname = `/${name}`;
    return other.href;
  };
  const urls = { owner: at(stores.urls.owner), gateway: at(stores.urls.gateway), provisioner: at(stores.urls.provisioner) };
  const owner = await createDataSource(urls.owner).initialize();
  const gateway = await openDataSource(urls.gateway, { poolSize: 25 });
  const provisioner = await openDataSource(urls.provisioner);
  return { urls, owner, gateway, provisioner, close: async () => void (await Promise.all([owner, gateway, provisioner].map((one) => one.destroy()))) };
}

async function onServer(ownerUrl: string, sql: string): Promise<void> {
  const url = new URL(ownerUrl);
  url.pathname = '/postgres';
  const client = new Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
