/** The outbox and idempotency keys: the two places where a race would make two of what should be one. */
import { seedChain, seedDataCenter, seedPlatformAdmin, seedTenant, startTestStores, type TestDatabase, type TestStores } from '../../testing/index.js';
import { appendOutbox, IdempotencyKeys, IN_FLIGHT_MS, Outbox, pruneIdempotencyKeys, withTenant, withTransaction, type OutboxMessage } from '../index.js';

let stores: TestStores;
let db: TestDatabase;
beforeAll(async () => {
  stores = await startTestStores();
});
beforeEach(async () => {
  db = await stores.database();
});
afterEach(() => db.close());
afterAll(() => stores?.stop());

const fill = (count: number) =>
  withTransaction(db.provisioner, async (manager) => {
    for (let i = 0; i < count; i++) await appendOutbox(manager, 'chain', `chn_${i}`);
  });

test('four relays that live at the same time never ring one row twice', async () => {
  await fill(200);
  const rung: string[] = [];
  const relay = async () => {
    const outbox = new Outbox(db.provisioner);
    let empty = 0;
    while (empty < 3) {
      const count = await outbox.relay(7, async (messages) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        rung.push(...messages.map((message) => message.id));
      });
      empty = count === 0 ? empty + 1 : 0;
    }
  };
  await Promise.all([relay(), relay(), relay(), relay()]);
  expect(rung).toHaveLength(200);
  expect(new Set(rung).size).toBe(200);
});

test('a relay that fails to ring leaves the rows for the next; sent rows are pruned', async () => {
  await fill(3);
  const outbox = new Outbox(db.provisioner);
  await expect(outbox.relay(10, async () => Promise.reject(new Error('the queue is down')))).rejects.toThrow('the queue is down');
  const rung: OutboxMessage[] = [];
  expect(await outbox.relay(10, async (messages) => void rung.push(...messages))).toBe(3);
  expect(rung.map((message) => message.key)).toEqual(['chn_0', 'chn_1', 'chn_2']);
  expect(await outbox.relay(10, async () => undefined)).toBe(0);
  expect(await outbox.prune(60_000)).toBe(0);
  expect(await outbox.prune(-1_000)).toBe(3);
});

test('a change that is rolled back rings no bell', async () => {
  await expect(withTransaction(db.provisioner, async (manager) => {
    await appendOutbox(manager, 'chain', 'chn_x');
    throw new Error('undo');
  })).rejects.toThrow('undo');
  expect(await new Outbox(db.provisioner).relay(10, async () => undefined)).toBe(0);
});

test('twenty parallel requests with one key make exactly one chain', async () => {
  const { userId } = await seedPlatformAdmin(db.owner);
  const dc = await seedDataCenter(db.gateway, userId);
  const tenant = await seedTenant(db.gateway);
  const keys = new IdempotencyKeys(db.gateway);
  const request = async () => {
    const outcome = await keys.begin(tenant, 'key-1', 'hash-1');
    if (outcome.kind !== 'claimed') return outcome;
    const made = await seedChain(db.gateway, tenant, dc.id, 1);
    await withTenant(db.gateway, tenant, (manager) => keys.complete(manager, outcome.claim, 202, { chain: made.chain.id }));
    return { kind: 'made' as const, id: made.chain.id };
  };
  const outcomes = await Promise.all(Array.from({ length: 20 }, request));
  const made = outcomes.filter((outcome) => outcome.kind === 'made');
  expect(made).toHaveLength(1);
  expect(outcomes.every((outcome) => ['made', 'inFlight', 'replay'].includes(outcome.kind))).toBe(true);
  expect(await db.owner.query('select count(*)::int as count from chains')).toEqual([{ count: 1 }]);
  expect(await keys.begin(tenant, 'key-1', 'hash-1')).toEqual({ kind: 'replay', responseCode: 202, responseBody: { chain: made[0]?.id } });
  expect(await keys.begin(tenant, 'key-1', 'another body')).toEqual({ kind: 'mismatch' });
  expect((await keys.begin(await seedTenant(db.gateway), 'key-1', 'hash-1')).kind).toBe('claimed');
});

test('an abandoned key is free again; a crashed one is taken over once it is stale, and its late worker is refused', async () => {
  const tenant = await seedTenant(db.gateway);
  const keys = new IdempotencyKeys(db.gateway);
  const first = await keys.begin(tenant, 'k', 'h');
  if (first.kind !== 'claimed') throw new Error('not claimed');
  await keys.abandon(tenant, first.claim);
  const second = await keys.begin(tenant, 'k', 'h');
  if (second.kind !== 'claimed') throw new Error('not claimed');
  expect(await keys.begin(tenant, 'k', 'h')).toEqual({ kind: 'inFlight' });
  await db.owner.query(`update idempotency_keys set claimed_at = now() - $1 * interval '1 millisecond'`, [IN_FLIGHT_MS + 1]);
  expect(await keys.begin(tenant, 'k', 'other')).toEqual({ kind: 'mismatch' });
  const third = await keys.begin(tenant, 'k', 'h');
  expect(third.kind).toBe('claimed');
  await expect(withTenant(db.gateway, tenant, (manager) => keys.complete(manager, second.claim, 200, {}))).rejects.toMatchObject({ code: 'conflict' });
});

test('after a day the key may be used for something else', async () => {
  const tenant = await seedTenant(db.gateway);
  const keys = new IdempotencyKeys(db.gateway);
  const first = await keys.begin(tenant, 'k', 'h');
  if (first.kind === 'claimed') await withTenant(db.gateway, tenant, (manager) => keys.complete(manager, first.claim, 200, null));
  expect((await keys.begin(tenant, 'k', 'h')).kind).toBe('replay');
  await db.owner.query(`update idempotency_keys set expires_at = now() - interval '1 second'`);
  expect(await pruneIdempotencyKeys(db.provisioner.manager)).toBe(1);
  expect((await keys.begin(tenant, 'k', 'other')).kind).toBe('claimed');
  expect(await pruneIdempotencyKeys(db.provisioner.manager)).toBe(0);
  await expect(db.provisioner.query('select response_body from idempotency_keys')).rejects.toThrow(/permission denied/);
  await db.owner.query(`update idempotency_keys set expires_at = now() - interval '1 second'`);
  expect((await keys.begin(tenant, 'k', 'a third')).kind).toBe('claimed');
});
