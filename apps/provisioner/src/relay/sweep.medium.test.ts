import { pino } from 'pino';
import { IdempotencyKeys, RefreshTokens, withUser } from '#persistence';
import { seedTenant, startTestStores, type TestStores } from '../../../../libs/persistence/testing/index.js';
import { Sweep } from './sweep.js';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores?.stop());

test('a provisioner that starts sweeps what has expired, of every tenant, and nothing else', async () => {
  const db = await stores.database();
  for (let i = 0; i < 2; i++) {
    const tenant = await seedTenant(db.gateway);
    await new IdempotencyKeys(db.gateway).begin(tenant, 'old', 'h');
    for (const [name, expiresAt] of [['old', new Date(0)], ['good', new Date(Date.now() + 60_000)]] as const) {
      await withUser(db.gateway, tenant.userId, (manager) => new RefreshTokens(manager).issue({ userId: tenant.userId, hash: `${name}${i}`.padEnd(64, '0'), expiresAt }));
    }
    await db.owner.query(`update idempotency_keys set expires_at = now() - interval '1 second'`);
    await new IdempotencyKeys(db.gateway).begin(tenant, 'good', 'h');
  }
  await db.owner.query(`update idempotency_keys set expires_at = now() + interval '1 hour' where key = 'good'`);
  const sweep = new Sweep(db.provisioner, pino({ level: 'silent' }));
  sweep.start();
  await sweep.stop();
  expect(await db.owner.query('select key from idempotency_keys')).toEqual([{ key: 'good' }, { key: 'good' }]);
  expect(await db.owner.query('select left(hash, 5) as hash from refresh_tokens order by hash')).toEqual([{ hash: 'good0' }, { hash: 'good1' }]);
});
