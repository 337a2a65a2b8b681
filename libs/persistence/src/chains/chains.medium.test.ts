import { randomAccount, seedChain, seedDataCenter, seedPlatformAdmin, seedTenant, startTestStores, type TestDatabase, type TestStores } from '../../testing/index.js';
import {
  ChainLeases, ChainObservations, Chains, DataCenterObservations, DataCenters, Install, OperationFeed, OperationProgress, Operations, PortAllocations,
  SubnetAllocations, withLease, withPlatform, withTenant, withTransaction, type DataCenterRecord, type OperationEvent,
} from '../index.js';

let stores: TestStores;
let db: TestDatabase;
let adminId: string;
let dc: DataCenterRecord;
let a: Awaited<ReturnType<typeof seedTenant>>;

beforeAll(async () => {
  stores = await startTestStores();
  db = await stores.database();
  ({ userId: adminId } = await seedPlatformAdmin(db.owner));
  dc = await seedDataCenter(db.gateway, adminId, { runtime: 'docker', connection: { host: 'h', port: 2376, ca: 'CA', cert: 'CERT', key: 'SECRET' } });
  a = await seedTenant(db.gateway);
});
afterAll(() => stores?.stop());

const seen = () => new ChainObservations(db.provisioner.manager);
const leases = () => new ChainLeases(db.provisioner);
const chains = <T>(work: (repository: Chains) => Promise<T>) => withTenant(db.gateway, a, (manager) => work(new Chains(manager, a.tenantId)));
const held = async (chainId: string) => {
  const lease = await leases().acquire(chainId, `me-${Math.random()}`, 60_000);
  if (lease === null) throw new Error('The lease is taken.');
  return lease;
};

test('a chain is created with members, nodes, operation, first event and bell in one transaction', async () => {
  const { chain, members, nodes, operation } = await seedChain(db.gateway, a, dc.id, 3);
  expect(chain).toMatchObject({ status: 'pending', generation: 1, observedGeneration: 0, genesisHash: null, createdTenant: a.tenantId });
  expect(chain.evmChainId).toBeGreaterThan(2 ** 32 - 1);
  expect(members).toHaveLength(1);
  expect(nodes.map((node) => [node.status, node.wanted, node.power])).toEqual(Array(3).fill(['pending', 'running', 1]));
  expect(operation).toMatchObject({ kind: 'createChain', status: 'pending', chainId: chain.id });
  expect(await db.owner.query('select topic from outbox where key = $1', [chain.id])).toEqual([{ topic: 'chain' }]);
  expect(await seen().unsettled(1000)).toContain(chain.id);
});

test('a failed create leaves nothing', async () => {
  const before: unknown = await db.owner.query('select (select count(*) from chains), (select count(*) from outbox), (select count(*) from operations)');
  await expect(seedChain(db.gateway, a, 'dc_missing')).rejects.toMatchObject({ code: 'notFound' });
  const account = randomAccount();
  const twice = [a.tenantId, (await seedTenant(db.gateway)).tenantId].map((tenantId) => ({ tenantId, name: 'x', governanceAccount: account, operationsAccount: randomAccount() }));
  await expect(seedChain(db.gateway, a, dc.id, 1, { members: twice })).rejects.toMatchObject({ code: 'conflict' });
  expect(await db.owner.query('select (select count(*) from chains), (select count(*) from outbox), (select count(*) from operations)')).toEqual(before);
});

test('founders sign once; the same signature again is no error', async () => {
  const { chain, members } = await seedChain(db.gateway, a, dc.id);
  const account = members[0]?.governanceAccount.toUpperCase().replace('0X', '0x') ?? '';
  const [one, two] = ['11', '22'].map((byte) => `0x${byte.repeat(65)}`) as [string, string];
  await chains((repository) => repository.storeFounderSignature(chain.id, account, one));
  await chains((repository) => repository.storeFounderSignature(chain.id, account, one));
  await expect(chains((repository) => repository.storeFounderSignature(chain.id, account, two))).rejects.toMatchObject({ code: 'alreadySigned' });
  await expect(chains((repository) => repository.storeFounderSignature(chain.id, randomAccount(), two))).rejects.toMatchObject({ code: 'notFound' });
  expect((await seen().load(chain.id))?.members[0]?.founderSignature).toBe(one);
});

test('removal: the chain for a sole member, else its own nodes; asked again, the same operation', async () => {
  const alone = await seedChain(db.gateway, a, dc.id, 2);
  const first = await chains((repository) => repository.requestRemoval(alone.chain.id, a.userId));
  const again = await chains((repository) => repository.requestRemoval(alone.chain.id, a.userId));
  expect(first.operation.kind).toBe('deleteChain');
  expect(again.operation.id).toBe(first.operation.id);
  expect(again.chain).toMatchObject({ deletedWanted: true, generation: 2 });
  expect((await seen().load(alone.chain.id))?.nodes.map((node) => node.wanted)).toEqual(['removed', 'removed']);
  const other = await seedTenant(db.gateway);
  const shared = await seedChain(db.gateway, a, dc.id, 1, {
    members: [a, other].map(({ tenantId }) => ({ tenantId, name: 'x', governanceAccount: randomAccount(), operationsAccount: randomAccount() })),
  });
  const part = await chains((repository) => repository.requestRemoval(shared.chain.id, a.userId));
  expect(part.operation.kind).toBe('removeMemberNodes');
  expect(part.chain.deletedWanted).toBe(false);
});

test('lists page from newest to oldest and leave deleted chains out', async () => {
  const tenant = await seedTenant(db.gateway);
  const made = [];
  for (let i = 0; i < 3; i++) made.push((await seedChain(db.gateway, tenant, dc.id, 1)).chain.id);
  const lease = await held(made[0] ?? '');
  await withLease(db.provisioner, lease, (manager) => new ChainObservations(manager).recordChain(lease.chainId, { status: 'deleted' }));
  const list = (page: { limit: number; before?: string }) => withTenant(db.gateway, tenant, async (manager) => (await new Chains(manager, tenant.tenantId).list(page)).map((chain) => chain.id));
  const newest = [...made.slice(1)].sort().reverse();
  expect(await list({ limit: 1 })).toEqual(newest.slice(0, 1));
  expect(await list({ limit: 5, before: newest[0] ?? '' })).toEqual(newest.slice(1));
});

test('one holder per lease; a takeover fences the former holder', async () => {
  const { chain } = await seedChain(db.gateway, a, dc.id, 1);
  const first = await leases().acquire(chain.id, 'one', 150);
  if (first === null) throw new Error('not acquired');
  expect(await leases().acquire(chain.id, 'two', 150)).toBeNull();
  expect(await leases().acquire(chain.id, 'one', 150)).toBeNull();
  await leases().renew(first, 150);
  await leases().assertHeld(first);
  await new Promise((resolve) => setTimeout(resolve, 170));
  const second = await leases().acquire(chain.id, 'two', 60_000);
  expect(second?.epoch).toBe(first.epoch + 1);
  await expect(leases().assertHeld(first)).rejects.toMatchObject({ code: 'leaseLost' });
  await expect(leases().renew(first, 150)).rejects.toMatchObject({ code: 'leaseLost' });
  await expect(withLease(db.provisioner, first, (manager) => new ChainObservations(manager).recordChain(chain.id, { status: 'failed' }))).rejects.toMatchObject({ code: 'leaseLost' });
  await leases().release(first);
  if (second !== null) await leases().assertHeld(second);
  expect((await seen().load(chain.id))?.chain.status).toBe('pending');
  const taken = await Promise.all(Array.from({ length: 10 }, async (_, i) => leases().acquire((await seedChain(db.gateway, a, dc.id, 1)).chain.id, `p${i}`, 1_000)));
  expect(taken.every((lease) => lease !== null)).toBe(true);
});

test('of twenty programs that want one lease, one gets it', async () => {
  const { chain } = await seedChain(db.gateway, a, dc.id, 1);
  const got = await Promise.all(Array.from({ length: 20 }, (_, i) => leases().acquire(chain.id, `p${i}`, 60_000)));
  expect(got.filter((lease) => lease !== null)).toHaveLength(1);
});

test('the provisioner stores genesis and secrets once, and settles what it has done', async () => {
  const { chain, nodes } = await seedChain(db.gateway, a, dc.id, 1);
  const lease = await held(chain.id);
  const node = nodes[0]?.id ?? '';
  await withLease(db.provisioner, lease, async (manager) => {
    const observations = new ChainObservations(manager);
    const hash = (byte: string) => `0x${byte.repeat(32)}`;
    expect(await observations.storeEnrolSecret(node, 'first')).toBe('first');
    expect(await observations.storeEnrolSecret(node, 'second')).toBe('first');
    const unique = hash((Date.now() % 256).toString(16).padStart(2, '0'));
    await observations.storeGenesis(chain.id, unique, { format: 'stele-genesis', nested: { b: 1, a: [1] } });
    expect(await observations.storeGenesis(chain.id, hash('bb'), {})).toEqual({ genesisHash: unique, genesisFile: { format: 'stele-genesis', nested: { b: 1, a: [1] } } });
    await observations.recordNode(node, { status: 'running', publicKey: hash('cc'), endpoints: { rpc: ['127.0.0.1:1'] }, height: 7, observedGeneration: 1, observedAt: new Date() });
    await observations.recordChain(chain.id, { status: 'running', observedGeneration: 1, runningAt: new Date(), reason: null });
  });
  expect(await seen().unsettled(1000)).not.toContain(chain.id);
  expect(await seen().running()).toContain(chain.id);
  expect((await chains((repository) => repository.nodes(chain.id)))[0]).toMatchObject({ height: 7, endpoints: { rpc: ['127.0.0.1:1'] }, status: 'running' });
  await withLease(db.provisioner, lease, (manager) => new ChainObservations(manager).recordNode(node, { status: 'exited' }));
  expect(await seen().unsettled(1000)).toContain(chain.id);
});

test('ports are never allotted twice, also between data centers of one address, and stay with their node', async () => {
  const here = await seedDataCenter(db.gateway, adminId, { advertiseAddress: '10.1.1.1', portFrom: 30_000, portTo: 30_029 });
  const beside = await seedDataCenter(db.gateway, adminId, { advertiseAddress: '10.1.1.1', portFrom: 30_000, portTo: 30_029 });
  const { nodes } = await seedChain(db.gateway, a, here.id, 5);
  const { nodes: others } = await seedChain(db.gateway, a, beside.id, 5);
  const allot = (nodeId: string, where: DataCenterRecord, avoid: number[] = []) => withTransaction(db.provisioner, (manager) => new PortAllocations(manager).allocate(nodeId, where, avoid));
  const got = await Promise.all([...nodes.slice(0, 4).map((node) => allot(node.id, here)), ...others.map((node) => allot(node.id, beside))]);
  const ports = got.flatMap((one) => Object.values(one) as number[]);
  expect(new Set(ports).size).toBe(27);
  expect(await allot(nodes[0]?.id ?? '', here)).toEqual(got[0]);
  const last = nodes[4]?.id ?? '';
  const left = Array.from({ length: 30 }, (_, i) => 30_000 + i).filter((port) => !ports.includes(port));
  await expect(allot(last, here, left)).rejects.toMatchObject({ code: 'portsExhausted' });
  expect(Object.values(await allot(last, here)).sort()).toEqual(left);
  await withTransaction(db.provisioner, (manager) => new PortAllocations(manager).release(last));
  expect(Object.values(await allot(last, here)).sort()).toEqual(left);
});

test('subnets are unique over all data centers, and run out with an error', async () => {
  const pools = [await seedDataCenter(db.gateway, adminId, { subnetPool: '10.99.0.0/24' }), await seedDataCenter(db.gateway, adminId, { subnetPool: '10.99.0.0/25' })];
  const made = await Promise.all(Array.from({ length: 5 }, () => seedChain(db.gateway, a, dc.id, 1)));
  const allot = (index: number, pool: number) =>
    withTransaction(db.provisioner, (manager) => new SubnetAllocations(manager).allocate(made[index]?.chain.id ?? '', pools[pool] ?? dc));
  const got = await Promise.all([0, 1, 2, 3].map((index) => allot(index, 0)));
  expect([...got].sort()).toEqual(['10.99.0.0/26', '10.99.0.128/26', '10.99.0.192/26', '10.99.0.64/26']);
  expect(await allot(2, 0)).toBe(got[2]);
  await expect(allot(4, 1)).rejects.toMatchObject({ code: 'subnetsExhausted' });
  await withTransaction(db.provisioner, (manager) => new SubnetAllocations(manager).release(made[0]?.chain.id ?? '', pools[0]?.id ?? ''));
  if (got[0] === '10.99.0.0/26' || got[0] === '10.99.0.64/26') expect(await allot(4, 1)).toBe(got[0]);
});

test('an operation advances, is followed as it does, and stays ended', async () => {
  const { chain, operation } = await seedChain(db.gateway, a, dc.id, 1);
  const feed = new OperationFeed(db.gateway, db.urls.gateway, 60_000);
  await feed.start();
  const events: OperationEvent[] = [];
  const following = (async () => {
    for await (const event of feed.follow(a, operation.id, 0)) events.push(event);
  })();
  const lease = await held(chain.id);
  const step = (status: 'running' | 'succeeded') => ({ name: 'startNodes', status, startedAt: '2026-01-01T00:00:00.000Z', endedAt: null, detail: null });
  const record = (change: Parameters<OperationProgress['record']>[1]) => withLease(db.provisioner, lease, (manager) => new OperationProgress(manager).record(operation.id, change));
  expect(await record({ status: 'running', steps: [step('running')] })).toBe(true);
  expect(await record({ status: 'running', steps: [step('running')] })).toBe(false);
  expect(await record({ status: 'succeeded', steps: [step('succeeded')] })).toBe(true);
  expect(await record({ status: 'failed', error: { code: 'x', message: 'x' } })).toBe(false);
  await following;
  expect(events.map((event) => [event.seq, event.data.status])).toEqual([[1, 'pending'], [2, 'running'], [3, 'succeeded']]);
  const later: OperationEvent[] = [];
  for await (const event of feed.follow(a, operation.id, 2)) later.push(event);
  for await (const event of feed.follow(a, operation.id, 3)) later.push(event);
  expect(later.map((event) => event.seq)).toEqual([3]);
  const stranger = await seedTenant(db.gateway);
  await expect(feed.follow(stranger, operation.id, 0).next()).rejects.toMatchObject({ code: 'notFound' });
  expect(await withTenant(db.gateway, a, (manager) => new Operations(manager, a.tenantId).get(operation.id))).toMatchObject({ status: 'succeeded' });
  expect(await new OperationProgress(db.provisioner.manager).open(chain.id)).toEqual([]);
  await feed.close();
});

test('a follower ends when its caller leaves, and without a notification the poll finds the event', async () => {
  const { chain, operation } = await seedChain(db.gateway, a, dc.id, 1);
  const deaf = new OperationFeed(db.gateway, db.urls.gateway, 30);
  const follow = deaf.follow(a, operation.id, 1);
  const next = follow.next();
  const lease = await held(chain.id);
  await withLease(db.provisioner, lease, (manager) => new OperationProgress(manager).record(operation.id, { status: 'running' }));
  expect((await next).value).toMatchObject({ seq: 2 });
  await follow.return();
  const leaving = new AbortController();
  const waiting = deaf.follow(a, operation.id, 2, leaving.signal).next();
  leaving.abort();
  expect((await waiting).done).toBe(true);
  await deaf.close();
});

test('data centers: the gateway writes the connection and cannot read it, the provisioner can', async () => {
  expect(dc.endpoint).toBe('tcp://h:2376');
  expect(JSON.stringify(dc)).not.toContain('SECRET');
  expect(await new DataCenterObservations(db.provisioner.manager).connection(dc.id)).toMatchObject({ key: 'SECRET' });
  await expect(seedDataCenter(db.gateway, adminId, { name: dc.name })).rejects.toMatchObject({ code: 'nameTaken' });
  await new DataCenterObservations(db.provisioner.manager).record(dc.id, { status: 'ready', capacity: { cpus: 2 }, observedAt: new Date() });
  const cordoned = await withPlatform(db.gateway, adminId, (manager) => new DataCenters(manager).setCordoned(dc.id, true));
  expect(cordoned).toMatchObject({ cordoned: true, status: 'ready', capacity: { cpus: 2 } });
  expect(await withTenant(db.gateway, a, (manager) => new DataCenters(manager).get(dc.name))).toMatchObject({ id: dc.id });
});

test('each program publishes its own key in the install row', async () => {
  const [one, two] = [`0x${'1'.repeat(64)}`, `0x${'2'.repeat(64)}`] as const;
  await new Install(db.gateway.manager).publishGatewayKey(one);
  await new Install(db.provisioner.manager).publishProvisionerKey(two);
  await expect(new Install(db.provisioner.manager).publishGatewayKey(two)).rejects.toThrow(/permission denied/);
  const install = await new Install(db.gateway.manager).get();
  expect(install).toMatchObject({ gatewayPublicKey: one, provisionerPublicKey: two });
  expect(install.installId).toMatch(/^ins_[0-9a-z]{26}$/);
});
