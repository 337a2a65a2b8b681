import { newId, type DataCenterView, type Page } from '#contracts';
import { TestGateway, type Person } from '../../testing/test-gateway.js';

let stele: TestGateway;
let admin: Person;
let tenant: Person;
beforeAll(async () => {
  stele = await TestGateway.start();
  [admin, tenant] = [await stele.platformAdmin(), await stele.tenant()];
}, 60_000);
afterAll(() => stele.stop());

const tls = { host: 'engine.example', port: 2376, ca: 'CA PEM', cert: 'CERT PEM', key: 'SECRET KEY PEM' };

describe('data centers', () => {
  it('are registered once for one Idempotency-Key, ring, and never tell their key', async () => {
    const body = { name: 'north', runtime: 'docker', connection: tls, advertiseAddress: '203.0.113.5', portFrom: 30_000, portTo: 30_999 };
    const headers = { 'idempotency-key': 'dc-1' };
    const first = await stele.call<DataCenterView>('POST', '/v1/data-centers', { as: admin, body, headers });
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ name: 'north', endpoint: 'tcp://engine.example:2376', advertiseAddress: '203.0.113.5', cordoned: false, status: 'pending', capacity: null });
    expect(JSON.stringify(first.body)).not.toContain('SECRET');
    const again = await stele.call<DataCenterView>('POST', '/v1/data-centers', { as: admin, body, headers });
    expect(again.body).toEqual(first.body);
    expect((await stele.call('POST', '/v1/data-centers', { as: admin, body })).body['code']).toBe('name_taken');
    expect(await stele.database.owner.query('select topic from outbox where key = $1', [first.body.id])).toHaveLength(1);
    expect(JSON.stringify(await stele.database.owner.query('select * from idempotency_keys'))).not.toContain('SECRET');
  });

  it('show tenants their names and state, not how they are reached', async () => {
    const seen = (await stele.call<Page<DataCenterView>>('GET', '/v1/data-centers', { as: tenant })).body.data;
    expect(seen).toMatchObject([{ name: 'north', runtime: 'docker', status: 'pending', endpoint: null, advertiseAddress: null, portFrom: null, subnetPool: null, capacity: null }]);
    expect((await stele.call('GET', '/v1/data-centers/north', { as: tenant })).status).toBe(200);
    expect((await stele.call('GET', `/v1/data-centers/${newId('dataCenter')}`, { as: tenant })).status).toBe(404);
  });

  it('are cordoned and opened again', async () => {
    const { id } = (await stele.call<DataCenterView>('GET', '/v1/data-centers/north', { as: admin })).body;
    for (const cordoned of [true, false]) {
      const answer = await stele.call<DataCenterView>('PATCH', `/v1/data-centers/${id}`, { as: admin, body: { cordoned } });
      expect([answer.status, answer.body.cordoned]).toEqual([200, cordoned]);
    }
    expect((await stele.call('PATCH', `/v1/data-centers/${newId('dataCenter')}`, { as: admin, body: { cordoned: true } })).status).toBe(404);
  });
});
