/** Row-level security and grants, tried with raw queries under the gateway's own role: a forgotten `where` shows nothing. */
import type { EntityManager } from 'typeorm';
import { randomAccount, seedChain, seedDataCenter, seedPlatformAdmin, seedTenant, startTestStores, type TestDatabase, type TestStores } from '../../testing/index.js';
import { ApiKeys, Chains, Contracts, findApiKeyByPrefix, IdempotencyKeys, openDataSource, Operations, RefreshTokens, Users, withAccess, withTenant, withUser, type Access } from '../index.js';

let stores: TestStores;
let db: TestDatabase;
let a: Awaited<ReturnType<typeof seedTenant>>;
let b: Awaited<ReturnType<typeof seedTenant>>;
let adminId: string;
let chainOfB: Awaited<ReturnType<typeof seedChain>>;
let shared: Awaited<ReturnType<typeof seedChain>>;
let keyOfB: string;
/** B's, by chain. */
const contractOn = new Map<string, string>();

const TENANT_TABLES = ['contracts', 'chains', 'chain_member', 'chain_nodes', 'operations', 'operation_events', 'api_keys', 'tenant_user', 'tenants', 'users', 'refresh_tokens', 'idempotency_keys'];

beforeAll(async () => {
  stores = await startTestStores();
  db = await stores.database();
  ({ userId: adminId } = await seedPlatformAdmin(db.owner));
  const dc = await seedDataCenter(db.gateway, adminId);
  a = await seedTenant(db.gateway, 'alpha');
  b = await seedTenant(db.gateway, 'beta');
  chainOfB = await seedChain(db.gateway, b, dc.id);
  shared = await seedChain(db.gateway, b, dc.id, 2, {
    members: [b, a].map(({ tenantId }) => ({ tenantId, name: tenantId, governanceAccount: randomAccount(), operationsAccount: randomAccount() })),
  });
  await withTenant(db.gateway, b, (manager) =>
    new ApiKeys(manager).create({ ...b, name: 'k', prefix: 'stele_bbbb', hash: 'h'.repeat(64), scopes: ['rpc'], expiresAt: new Date(Date.now() + 1e6) }),
  ).then((key) => (keyOfB = key.id));
  for (const { chain } of [chainOfB, shared]) {
    const made = await withTenant(db.gateway, b, (manager) => new Contracts(manager, b.tenantId).prepare({ chainId: chain.id, createdBy: b.userId, name: 'C', abi: [], creationCode: '0x00', source: null }));
    contractOn.set(chain.id, made.id);
  }
  await withUser(db.gateway, b.userId, (manager) => new RefreshTokens(manager).issue({ userId: b.userId, hash: 'r'.repeat(64), expiresAt: new Date(Date.now() + 1e6) }));
  await new IdempotencyKeys(db.gateway).begin(b, 'key', 'hash');
});
afterAll(() => stores?.stop());

const as = <T>(access: Access, sql: string, parameters: unknown[] = []): Promise<T> =>
  withAccess(db.gateway, access, (manager: EntityManager) => manager.query(sql, parameters)) as Promise<T>;
const idsOf = (rows: { id: string }[]) => rows.map((row) => row.id);

const selectable = async (table: string): Promise<string> => {
  const columns: { c: string }[] = await db.gateway.query(
    `select string_agg(quote_ident(column_name), ', ') as c from information_schema.columns
     where table_name = $1 and table_schema = 'public' and has_column_privilege('stele_gateway', 'public.' || table_name, column_name, 'select')`,
    [table],
  );
  return columns[0]?.c ?? '';
};

test('without any access every tenant table is empty', async () => {
  for (const table of TENANT_TABLES) {
    expect([table, await as({}, `select ${await selectable(table)} from ${table}`)]).toEqual([table, []]);
  }
});

test('tenant A never sees a row of B by raw query, but does see the chain that both founded', async () => {
  expect(idsOf(await as(a, 'select id from chains'))).toEqual([shared.chain.id]);
  expect(idsOf(await as(b, 'select id from chains order by id'))).toEqual([chainOfB.chain.id, shared.chain.id].sort());
  for (const table of TENANT_TABLES) {
    const text = JSON.stringify(await as(a, `select ${await selectable(table)} from ${table}`));
    for (const secret of [chainOfB.chain.id, chainOfB.operation.id, chainOfB.nodes[0]?.id ?? '?', keyOfB, 'h'.repeat(64), 'r'.repeat(64)]) {
      expect([table, text.includes(secret)]).toEqual([table, false]);
    }
    if (['tenants', 'tenant_user', 'users', 'api_keys', 'refresh_tokens', 'idempotency_keys'].includes(table)) {
      expect([table, text.includes(b.tenantId), text.includes(b.userId)]).toEqual([table, false, false]);
    }
  }
  expect(await withTenant(db.gateway, a, (manager) => new Chains(manager, a.tenantId).get(chainOfB.chain.id))).toBeNull();
  expect(await withTenant(db.gateway, a, (manager) => new Operations(manager, a.tenantId).get(chainOfB.operation.id))).toBeNull();
  expect((await withTenant(db.gateway, a, (manager) => new Chains(manager, a.tenantId).members([shared.chain.id]))).length).toBe(2);
});

test('a repository given the wrong tenant still answers only the access of the transaction', async () => {
  expect(await withTenant(db.gateway, a, (manager) => new Chains(manager, b.tenantId).get(chainOfB.chain.id))).toBeNull();
});

test('tenant A cannot write into what is not its own', async () => {
  const account = randomAccount();
  await expect(
    as(a, `insert into chain_member (chain_id, tenant_id, position, role, name, governance_account, operations_account) values ($1, $2, 9, 'member', 'x', $3, $3)`, [chainOfB.chain.id, a.tenantId, account]),
  ).rejects.toThrow(/row-level security/);
  await expect(as(a, `insert into tenant_user (tenant_id, user_id, role) values ($1, $2, 'owner')`, [b.tenantId, a.userId])).rejects.toThrow(/row-level security/);
  await expect(as(a, `insert into operations (id, tenant_id, chain_id, kind, created_by) values ('op_x', $1, $2, 'deleteChain', $3)`, [a.tenantId, chainOfB.chain.id, a.userId])).rejects.toThrow(/row-level security/);
  expect(await as(a, 'update chains set deleted_wanted = true where id = $1 returning id', [chainOfB.chain.id])).toEqual([[], 0]);
  expect(await as(a, `update chain_nodes set wanted = 'removed' where chain_id = $1 returning id`, [shared.chain.id])).toEqual([[], 0]);
  await expect(as({ ...a }, `insert into data_centers (id, name, runtime, endpoint, advertise_address, port_from, port_to, subnet_pool) values ('dc_x', 'x', 'process', 'local', 'x', 1, 2, '10.0.0.0/8')`)).rejects.toThrow(/row-level security/);
});

test('one writer per column: the gateway writes nothing that is seen, the provisioner nothing that is wanted', async () => {
  for (const sql of [
    `update chains set status = 'running'`, 'update chains set genesis_hash = null', 'update chain_nodes set public_key = null', `update operations set status = 'succeeded'`,
    `update users set platform_role = 'admin'`, `insert into users (id, email, name, password_hash, platform_role) values ('usr_x', 'x@y', 'x', 'x', 'admin')`,
    'select password_hash from users', 'select connection from data_centers', 'select enrol_secret_enc from chain_nodes', 'select * from outbox', 'delete from chains', 'select * from queue.bullmq_job',
  ]) {
    await expect(as(b, sql)).rejects.toThrow(/permission denied/);
  }
  for (const sql of [
    'update chains set generation = 2', 'update chains set deleted_wanted = true', `update chain_nodes set wanted = 'removed'`, 'update data_centers set cordoned = true', `update chain_member set founder_signature = null`,
    'select * from users', 'select * from refresh_tokens', 'select * from api_keys', 'select * from tenants', `select * from stele_login('x')`,
  ]) {
    await expect(db.provisioner.query(sql)).rejects.toThrow(/permission denied/);
  }
});

test('the look-ups before log-in are narrow', async () => {
  const login = await withAccess(db.gateway, {}, (manager) => new Users(manager).findForLogin('BETA@example.org'));
  expect(login).toEqual({ userId: b.userId, passwordHash: 'not a hash' });
  expect((await findApiKeyByPrefix(db.gateway, 'stele_bbbb'))?.tenantId).toBe(b.tenantId);
  expect(await findApiKeyByPrefix(db.gateway, 'stele_%')).toBeNull();
});

test('settings do not outlive their transaction on a pooled connection', async () => {
  await withTenant(db.gateway, b, (manager) => manager.query('select 1'));
  for (let i = 0; i < 30; i++) expect(await db.gateway.query('select id from chains')).toEqual([]);
});

test('a role that row-level security does not bind is refused at boot', async () => {
  await expect(openDataSource(db.urls.owner)).rejects.toMatchObject({ code: 'unsafeRole' });
  await db.owner.query('create role stele_sneaky login');
  await db.owner.query(`alter role stele_sneaky password 'p'`);
  const url = new URL(db.urls.owner);
  url.username = 'stele_sneaky';
  url.password = 'p';
  await (await openDataSource(url.href)).destroy();
  await db.owner.query('grant stele to stele_sneaky');
  await expect(openDataSource(url.href)).rejects.toMatchObject({ code: 'unsafeRole' });
  await db.owner.query('revoke stele from stele_sneaky');
  await db.owner.query('alter role stele_sneaky bypassrls');
  await expect(openDataSource(url.href)).rejects.toMatchObject({ code: 'unsafeRole' });
});

test('every table has forced row-level security', async () => {
  const open = await db.owner.query(
    `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'migrations' and not (relrowsecurity and relforcerowsecurity)`,
  );
  expect(open).toEqual([]);
});

test('a contract is seen by every member of its chain, and changed by the tenant that prepared it alone', async () => {
  const [own, common] = [contractOn.get(chainOfB.chain.id) ?? '', contractOn.get(shared.chain.id) ?? ''];
  expect(idsOf(await as(a, 'select id from contracts'))).toEqual([common]);
  expect(idsOf(await as(b, 'select id from contracts order by id'))).toEqual([own, common].sort());
  await as(a, `update contracts set name = 'taken' where id in ($1, $2)`, [own, common]);
  await as(a, 'delete from contracts where id in ($1, $2)', [own, common]);
  expect(await as(b, 'select distinct name from contracts')).toEqual([{ name: 'C' }]);
  const insert = (chainId: string, tenantId: string) =>
    as(a, `insert into contracts (id, chain_id, tenant_id, created_by, name, abi) values ('ctr_x', $1, $2, $3, 'x', '[]')`, [chainId, tenantId, a.userId]);
  await expect(insert(chainOfB.chain.id, a.tenantId)).rejects.toThrow(/row-level security/);
  await expect(insert(shared.chain.id, b.tenantId)).rejects.toThrow(/row-level security/);
});

test('what stands on a chain stays known: only what was prepared can be deleted', async () => {
  const id = contractOn.get(shared.chain.id) ?? '';
  await withTenant(db.gateway, b, (manager) => new Contracts(manager, b.tenantId).sending(id, `0x${'1'.repeat(64)}`));
  await as(b, 'delete from contracts where id = $1', [id]);
  expect(idsOf(await as(b, 'select id from contracts where id = $1', [id]))).toEqual([id]);
});
