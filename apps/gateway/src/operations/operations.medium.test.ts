import { OperationProgress, withTransaction, type OperationChange } from '#persistence';
import { readServerSentEvents, type ServerSentEvent } from '#sdk';
import { newId, type ChainOperationView, type OperationView } from '#contracts';
import { seedDataCenter } from '../../../../libs/persistence/testing/index.js';
import { chainBody, TestGateway, type Person } from '../../testing/test-gateway.js';

let stele: TestGateway;
let owner: Person;
let dataCenter: string;

beforeAll(async () => {
  stele = await TestGateway.start();
  owner = await stele.tenant();
  dataCenter = (await seedDataCenter(stele.database.gateway, (await stele.platformAdmin()).userId)).id;
}, 60_000);
afterAll(() => stele.stop());

async function newOperation(): Promise<string> {
  return (await stele.call<ChainOperationView>('POST', '/v1/chains', { as: owner, body: chainBody(dataCenter) })).body.operation.id;
}

/** What the provisioner does while it works. */
const progress = (id: string, change: OperationChange) => withTransaction(stele.database.provisioner, (manager) => new OperationProgress(manager).record(id, change));

async function follow(id: string, lastEventId?: string): Promise<AsyncGenerator<ServerSentEvent>> {
  const response = await fetch(`${stele.url}/v1/operations/${id}/events`, {
    headers: { authorization: `Bearer ${owner.token}`, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) },
  });
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  if (response.body === null) throw new Error('no stream');
  return readServerSentEvents(response.body);
}

async function rest(stream: AsyncGenerator<ServerSentEvent>): Promise<[string, string][]> {
  const seen: [string, string][] = [];
  for await (const event of stream) seen.push([event.id, (JSON.parse(event.data) as OperationView).status]);
  return seen;
}

const step = { name: 'applyNodes', status: 'running' as const, startedAt: '2026-01-01T00:00:00.000Z', endedAt: null, detail: '1 of 4' };

describe('an operation’s events', () => {
  it('come as they happen and end with the operation', async () => {
    const id = await newOperation();
    const stream = await follow(id);
    const first = await stream.next();
    expect(first.value).toMatchObject({ id: '1', event: 'operation' });
    await progress(id, { status: 'running', steps: [step] });
    const second = await stream.next();
    expect(JSON.parse((second.value as ServerSentEvent).data)).toMatchObject({ id, kind: 'createChain', status: 'running', steps: [step], endedAt: null });
    await progress(id, { status: 'succeeded' });
    expect(await rest(stream)).toEqual([['3', 'succeeded']]);
    expect((await stele.call<OperationView>('GET', `/v1/operations/${id}`, { as: owner })).body).toMatchObject({ status: 'succeeded', steps: [step] });
  });

  it('go on after Last-Event-ID, and end at once where nothing is left', async () => {
    const id = await newOperation();
    await progress(id, { status: 'running', steps: [step] });
    await progress(id, { status: 'failed', error: { code: 'noCapacity', message: 'the data center has no port left: widen its range' } });
    expect(await rest(await follow(id, '1'))).toEqual([['2', 'running'], ['3', 'failed']]);
    expect(await rest(await follow(id, '3'))).toEqual([]);
    expect(await rest(await follow(id, 'nonsense'))).toHaveLength(3);
  });

  it('of an operation that is not there are a problem, not a stream', async () => {
    const answer = await stele.call('GET', `/v1/operations/${newId('operation')}/events`, { as: owner });
    expect([answer.status, answer.body['code']]).toEqual([404, 'not_found']);
  });

  it('do not keep the gateway from stopping', async () => {
    const other = await TestGateway.start();
    const tenant = await other.tenant();
    const admin = await other.platformAdmin();
    const place = (await seedDataCenter(other.database.gateway, admin.userId)).id;
    const { operation } = (await other.call<ChainOperationView>('POST', '/v1/chains', { as: tenant, body: chainBody(place) })).body;
    const response = await fetch(`${other.url}/v1/operations/${operation.id}/events`, { headers: { authorization: `Bearer ${tenant.token}` } });
    const ended = response.text().then(() => 'ended', () => 'cut');
    await other.stop();
    expect(['ended', 'cut']).toContain(await ended);
  }, 30_000);
});
