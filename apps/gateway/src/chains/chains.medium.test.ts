import { privateKeyToAccount, generatePrivateKey } from 'viem/accounts';
import { newId, type ChainOperationView, type ChainView, type NodeView, type Page } from '#contracts';
import { founderMessage } from '#ledger';
import { seedDataCenter } from '../../../../libs/persistence/testing/index.js';
import { account, chainBody, TestGateway, type Answer, type Person } from '../../testing/test-gateway.js';

let stele: TestGateway;
let owner: Person;
let stranger: Person;
let platform: Person;
let dataCenter: { id: string; name: string };

beforeAll(async () => {
  stele = await TestGateway.start();
  [owner, stranger, platform] = [await stele.tenant(), await stele.tenant(), await stele.platformAdmin()];
  dataCenter = await seedDataCenter(stele.database.gateway, platform.userId);
}, 60_000);
afterAll(() => stele.stop());

const create = (as: Person, body: unknown, headers: Record<string, string> = {}): Promise<Answer<ChainOperationView>> =>
  stele.call<ChainOperationView>('POST', '/v1/chains', { as, body, headers });
const code = (answer: Answer<unknown>): [number, unknown] => [answer.status, (answer.body as { code?: string }).code];

describe('POST /v1/chains', () => {
  it('writes what is wanted, an operation and one bell, and answers 202 with Location', async () => {
    const answer = await create(owner, { ...chainBody(dataCenter.name), params: { heartbeatIntervalMs: 5_000 }, alloc: [{ address: account('c'), balance: '12' }] });
    expect(answer.status).toBe(202);
    const { chain, operation } = answer.body;
    expect(answer.headers.get('location')).toBe(`/v1/operations/${operation.id}`);
    expect(chain).toMatchObject({
      status: 'pending', faultModel: 'BFT', access: 'open', params: { heartbeatIntervalMs: 5_000 }, genesisHash: null, rpcPath: `/rpc/${chain.id}`,
      members: [{ tenantId: owner.tenantId, role: 'founder', name: 'Aster', governanceAccount: account('a'), signed: false }],
    });
    expect(operation).toMatchObject({ kind: 'createChain', chainId: chain.id, status: 'pending', steps: [], error: null });
    const nodes = (await stele.call<Page<NodeView>>('GET', `/v1/chains/${chain.id}/nodes`, { as: owner })).body.data;
    expect(nodes.map((node) => [node.kind, node.power, node.wanted, node.status, node.dataCenterId])).toEqual(Array(4).fill(['validator', 1, 'running', 'pending', dataCenter.id]));
    expect(await stele.database.owner.query('select topic, key from outbox where key = $1', [chain.id])).toHaveLength(1);
  });

  it('refuses what does not fit together, and data centers and tenants that are not there', async () => {
    expect(code(await create(owner, { ...chainBody(dataCenter.id), nodes: [{ dataCenter: dataCenter.id, count: 1, kind: 'observer' }] }))).toEqual([400, 'validation_failed']);
    expect(code(await create(owner, chainBody('nowhere')))).toEqual([422, 'data_center_unavailable']);
    const unknown = { tenant: newId('tenant'), name: 'B', governanceAccount: account('1'), operationsAccount: account('2') };
    const body = chainBody(dataCenter.id);
    expect(code(await create(owner, { ...body, members: [...(body['members'] as unknown[]), unknown] }))).toEqual([422, 'member_unknown']);
    expect(code(await create(owner, { ...body, color: 'red' }))).toEqual([400, 'validation_failed']);
  });

  it('places nothing in a cordoned data center', async () => {
    const closed = await seedDataCenter(stele.database.gateway, platform.userId);
    await stele.call('PATCH', `/v1/data-centers/${closed.id}`, { as: platform, body: { cordoned: true } });
    expect(code(await create(owner, chainBody(closed.id)))).toEqual([422, 'data_center_unavailable']);
  });
});

describe('Idempotency-Key', () => {
  it('sent twenty times in parallel gives one chain', async () => {
    const headers = { 'idempotency-key': 'twenty' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => create(stranger, chainBody(dataCenter.id), headers)));
    const made = answers.filter((answer) => answer.status === 202);
    expect(made.length).toBeGreaterThanOrEqual(1);
    expect(answers.filter((answer) => answer.status !== 202).map(code)).toEqual(Array(20 - made.length).fill([409, 'idempotency_in_flight']));
    expect(new Set(made.map((answer) => answer.body.chain.id)).size).toBe(1);
    const later = await create(stranger, chainBody(dataCenter.id), headers);
    expect(later.body).toEqual(made[0]?.body);
    expect(later.headers.get('location')).toBe(made[0]?.headers.get('location'));
    expect((await stele.call<Page<ChainView>>('GET', '/v1/chains', { as: stranger })).body.data).toHaveLength(1);
  });

  it('is refused for another request, is each tenant’s own, and free again after a failure', async () => {
    const headers = { 'idempotency-key': 'k1' };
    expect((await create(owner, chainBody('nowhere'), headers)).status).toBe(422);
    const first = await create(owner, chainBody(dataCenter.id, 1), headers);
    expect(first.status).toBe(202);
    expect(code(await create(owner, chainBody(dataCenter.id, 2), headers))).toEqual([422, 'idempotency_mismatch']);
    const other = await create(await stele.tenant(), chainBody(dataCenter.id, 1), headers);
    expect(other.status).toBe(202);
    expect(other.body.chain.id).not.toBe(first.body.chain.id);
    expect(code(await create(owner, chainBody(dataCenter.id), { 'idempotency-key': 'x'.repeat(300) }))).toEqual([400, 'invalid_idempotency_key']);
  });
});

describe('what is listed', () => {
  it('comes in pages, newest first, of one’s own chains only', async () => {
    const tenant = await stele.tenant();
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift((await create(tenant, chainBody(dataCenter.id, 1))).body.chain.id);
    const seen: string[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const path: string = `/v1/chains?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`;
      const page: Page<ChainView> = (await stele.call<Page<ChainView>>('GET', path, { as: tenant })).body;
      seen.push(...page.data.map((chain) => chain.id));
      expect(page.hasMore).toBe(page.nextCursor !== null);
      cursor = page.nextCursor;
      pages += 1;
    } while (cursor !== null);
    expect([seen, pages]).toEqual([ids, 3]);
    expect(code(await stele.call('GET', '/v1/chains?cursor=bm8', { as: tenant }))).toEqual([400, 'invalid_cursor']);
    expect(code(await stele.call('GET', '/v1/chains?limit=1000', { as: tenant }))).toEqual([400, 'validation_failed']);
  });
});

describe('a tenant that is no member', () => {
  it('cannot tell an existing chain from one that never was', async () => {
    const { chain, operation } = (await create(owner, chainBody(dataCenter.id))).body;
    const signature = { account: account('a'), signature: `0x${'1'.repeat(130)}` };
    const probes: [string, string, unknown?][] = [
      ['GET', '/v1/chains/ID'], ['DELETE', '/v1/chains/ID'], ['GET', '/v1/chains/ID/nodes'], ['GET', '/v1/chains/ID/genesis'],
      ['POST', '/v1/chains/ID/genesis/signatures', signature], ['POST', '/rpc/ID', { jsonrpc: '2.0', id: 1, method: 'eth_chainId' }],
      ['GET', '/v1/operations/OP'], ['GET', '/v1/operations/OP/events'],
    ];
    for (const [method, path, body] of probes) {
      const real = await stele.call(method, path.replace('ID', chain.id).replace('OP', operation.id), { as: stranger, body });
      const absent = await stele.call(method, path.replace('ID', newId('chain')).replace('OP', newId('operation')), { as: stranger, body });
      const malformed = await stele.call(method, path.replace('ID', 'nonsense').replace('OP', 'nonsense'), { as: stranger, body });
      expect(real.status).toBe(404);
      for (const answer of [absent, malformed]) expect({ ...answer.body, requestId: '' }).toEqual({ ...real.body, requestId: '' });
      const names = (answer: Answer): string[] => [...answer.headers.keys()].sort();
      expect(names(absent)).toEqual(names(real));
    }
    expect((await stele.call<Page<ChainView>>('GET', '/v1/chains', { as: stranger })).body.data.map((one) => one.id)).not.toContain(chain.id);
    expect((await stele.call('GET', `/v1/chains/${chain.id}`, { as: platform })).status).toBe(403);
  });
});

describe('DELETE /v1/chains/{id}', () => {
  it('of a sole member ends the chain; asked again, it is the same operation', async () => {
    const { chain } = (await create(owner, chainBody(dataCenter.id))).body;
    const first = await stele.call<ChainOperationView>('DELETE', `/v1/chains/${chain.id}`, { as: owner });
    expect([first.status, first.body.operation.kind]).toEqual([202, 'deleteChain']);
    expect(first.headers.get('location')).toBe(`/v1/operations/${first.body.operation.id}`);
    const again = await stele.call<ChainOperationView>('DELETE', `/v1/chains/${chain.id}`, { as: owner });
    expect(again.body.operation.id).toBe(first.body.operation.id);
  });

  it('of one member among others removes its own nodes only', async () => {
    const partner = await stele.tenant();
    const body = chainBody(dataCenter.id);
    const members = [...(body['members'] as unknown[]), { tenant: partner.tenantId, name: 'Borealis', governanceAccount: account('1'), operationsAccount: account('2') }];
    const { chain } = (await create(owner, { ...body, members })).body;
    expect((await stele.call('GET', `/v1/chains/${chain.id}`, { as: partner })).status).toBe(200);
    const left = await stele.call<ChainOperationView>('DELETE', `/v1/chains/${chain.id}`, { as: partner });
    expect([left.status, left.body.operation.kind]).toEqual([202, 'removeMemberNodes']);
    const nodes = (await stele.call<Page<NodeView>>('GET', `/v1/chains/${chain.id}/nodes`, { as: owner })).body.data;
    expect(nodes.map((node) => [node.tenantId, node.wanted])).toEqual(Array(4).fill([owner.tenantId, 'running']));
  });
});

describe('the genesis', () => {
  it('is signed by its founders’ governance accounts, and by nothing else', async () => {
    const founder = privateKeyToAccount(generatePrivateKey());
    const body = { ...chainBody(dataCenter.id), members: [{ name: 'Aster', governanceAccount: founder.address, operationsAccount: account('b') }] };
    const { chain } = (await create(owner, body)).body;
    const genesisHash = `0x${'5e'.repeat(32)}`;
    const sign = (who: string, signature: string) =>
      stele.call<ChainView>('POST', `/v1/chains/${chain.id}/genesis/signatures`, { as: owner, body: { account: who, signature } });
    const good = await founder.signMessage({ message: founderMessage(genesisHash) });
    expect(code(await sign(founder.address, good))).toEqual([409, 'genesis_not_ready']);

    const file = { format: 'stele-genesis', version: 1, genesisHash, genesis: {}, canonical: '0x00', founders: [] };
    await stele.database.provisioner.query(`update chains set genesis_hash = $2, genesis_file = $3, status = 'awaitingFounders' where id = $1`, [chain.id, genesisHash, file]);
    expect((await stele.call('GET', `/v1/chains/${chain.id}/genesis`, { as: owner })).body).toEqual(file);

    const other = privateKeyToAccount(generatePrivateKey());
    const otherMessage = await founder.signMessage({ message: founderMessage(`0x${'6e'.repeat(32)}`) });
    const byAnother = await other.signMessage({ message: founderMessage(genesisHash) });
    expect(code(await sign(founder.address, otherMessage))).toEqual([422, 'founder_signature_invalid']);
    expect(code(await sign(founder.address, byAnother))).toEqual([422, 'founder_signature_invalid']);
    expect(code(await sign(other.address, byAnother))).toEqual([422, 'founder_signature_invalid']);
    expect(code(await sign(founder.address, `0x${'0'.repeat(130)}`))).toEqual([422, 'founder_signature_invalid']);

    const accepted = await sign(founder.address, good);
    expect([accepted.status, accepted.body.members.map((member) => member.signed)]).toEqual([200, [true]]);
    expect((await sign(founder.address, good)).status).toBe(200);
    expect((await stele.call('GET', `/v1/chains/${chain.id}/genesis`, { as: owner })).body).toEqual({
      ...file,
      founders: [{ account: founder.address.toLowerCase(), signature: good }],
    });
    expect(await stele.database.owner.query('select key from outbox where key = $1', [chain.id])).toHaveLength(2);
  });
});
