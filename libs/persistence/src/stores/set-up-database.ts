import { runMigrations as migrateQueue } from 'bullmq';
import { Client } from 'pg';
import { MIGRATIONS } from '../../../../migrations/index.js';
import { createDataSource } from '../database/data-source.js';
import { PersistenceError } from '../database/errors.js';
import { ensureInstall } from '../install/install.js';
import { QUEUE_SCHEMA } from '../queue/queue.js';
import { ensureRoles, type EnsureRoles } from './roles.js';

const MINIMUM_VERSION = 150_000;
/** Any constant: two programs that set the same database up wait for each other. */
const SET_UP_LOCK = 5_737_835_301;

/** Roles, migrations, the install row, the queue's schema: everything that needs the owner. Doing it again changes nothing. */
export async function setUpDatabase(input: EnsureRoles): Promise<void> {
  const owner = await connect(input.ownerUrl);
  try {
    await owner.query('select pg_advisory_lock($1)', [SET_UP_LOCK]);
    const { rows } = await owner.query<{ version: string }>(`select current_setting('server_version_num') as version`);
    if (Number(rows[0]?.version) < MINIMUM_VERSION) throw new PersistenceError('unavailable', `Stele needs PostgreSQL 15 or newer; DATABASE_URL leads to ${rows[0]?.version}.`);
    await ensureRoles(owner, input);
    await migrate(input.ownerUrl);
    await setUpQueue(owner);
  } finally {
    await owner.end();
  }
}

/** Throws `unavailable`, without the password that the URL holds. */
async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000, application_name: 'stele-set-up' });
  try {
    await client.connect();
    return client;
  } catch (error) {
    const { host, pathname } = new URL(url);
    throw new PersistenceError('unavailable', `PostgreSQL at ${host}${pathname} cannot be reached: ${error instanceof Error ? error.message : String(error)}. Check DATABASE_URL.`);
  }
}

/** Applies what is pending, all or nothing. */
export async function migrate(ownerUrl: string): Promise<string[]> {
  const dataSource = createDataSource(ownerUrl, { poolSize: 2, applicationName: 'stele-migrations' });
  dataSource.setOptions({ migrations: MIGRATIONS, migrationsTransactionMode: 'all', migrationsTableName: 'migrations' });
  await dataSource.initialize();
  try {
    const done = await dataSource.runMigrations({ transaction: 'all' });
    await ensureInstall(dataSource.manager);
    return done.map((migration) => migration.name);
  } finally {
    await dataSource.destroy();
  }
}

/** BullMQ's tables in a schema of their own, for a role that sees nothing else. */
async function setUpQueue(owner: Client): Promise<void> {
  await owner.query(`create schema if not exists ${QUEUE_SCHEMA}`);
  await migrateQueue(owner, QUEUE_SCHEMA);
  // BullMQ makes a sequence for each queue that numbers its jobs: it belongs to stele_queue, so only ours are granted.
  await owner.query(`grant usage, create on schema ${QUEUE_SCHEMA} to stele_queue`);
  for (const kind of ['tables', 'functions']) await owner.query(`grant all on all ${kind} in schema ${QUEUE_SCHEMA} to stele_queue`);
  await owner.query(`do $$ declare name text; begin
    for name in select c.oid::regclass::text from pg_class c
      where c.relnamespace = '${QUEUE_SCHEMA}'::regnamespace and c.relkind = 'S' and pg_get_userbyid(c.relowner) = current_user
    loop execute 'grant all on sequence ' || name || ' to stele_queue'; end loop;
  end $$`);
}
