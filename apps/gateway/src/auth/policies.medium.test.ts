import { newId } from '#contracts';
import { chainBody, TestGateway, type Person } from '../../testing/test-gateway.js';
import { seedDataCenter } from '../../../../libs/persistence/testing/index.js';

/** Who asks. `other` owns another tenant; `key` may do all that keys may; `reader` only read. */
const IDENTITIES = ['none', 'other', 'auditor', 'developer', 'admin', 'owner', 'platform', 'key', 'reader'] as const;
type Name = (typeof IDENTITIES)[number];

interface Expected {
  /** Statuses in the order of IDENTITIES; one for all where there is one. */
  statuses: number[];
  path?: () => string;
  body?: () => unknown;
}

const same = (status: number): number[] => IDENTITIES.map(() => status);
/*                             none other audit devel admin owner platf key  reader */
const members = (ok: number) => [401, 404, ok, ok, ok, ok, 403, ok, ok];

let stele: TestGateway;
let chainId = '';
let operationId = '';
let dataCenter = '';
const who = new Map<Name, Person | string | undefined>();
const routes: { method: string; url: string }[] = [];

/** Every route of the gateway. A route that is not here fails the test, so nobody forgets to say who may use it. */
const TABLE: Record<string, Expected> = {
  'GET /livez': { statuses: same(200) },
  'GET /readyz': { statuses: same(200) },
  'GET /openapi.json': { statuses: same(200) },
  'POST /v1/tenants': { statuses: same(400), body: () => ({}) },
  'POST /v1/sessions': { statuses: same(400), body: () => ({}) },
  'POST /v1/sessions/refresh': { statuses: same(401), body: () => ({ refreshToken: 'unknown' }) },
  'DELETE /v1/sessions': { statuses: same(204), body: () => ({ refreshToken: 'unknown' }) },
  'GET /v1/me': { statuses: [401, 200, 200, 200, 200, 200, 200, 200, 200] },
  'POST /v1/api-keys': { statuses: [401, 201, 403, 201, 201, 201, 403, 403, 403], body: () => ({ name: 'k', scopes: ['rpc'] }) },
  'GET /v1/api-keys': { statuses: [401, 200, 200, 200, 200, 200, 403, 403, 403] },
  'DELETE /v1/api-keys/:id': { statuses: [401, 404, 403, 404, 404, 404, 403, 403, 403], path: () => `/v1/api-keys/${newId('apiKey')}` },
  'POST /v1/chains': { statuses: [401, 202, 403, 403, 202, 202, 403, 202, 403], body: () => chainBody(dataCenter, 1) },
  'GET /v1/chains': { statuses: [401, 200, 200, 200, 200, 200, 403, 200, 200] },
  'GET /v1/chains/:id': { statuses: members(200), path: () => `/v1/chains/${chainId}` },
  'GET /v1/chains/:id/nodes': { statuses: members(200), path: () => `/v1/chains/${chainId}/nodes` },
  'GET /v1/chains/:id/genesis': { statuses: members(409), path: () => `/v1/chains/${chainId}/genesis` },
  'POST /v1/chains/:id/genesis/signatures': {
    statuses: [401, 404, 403, 403, 409, 409, 403, 409, 403],
    path: () => `/v1/chains/${chainId}/genesis/signatures`,
    body: () => ({ account: `0x${'a'.repeat(40)}`, signature: `0x${'1'.repeat(130)}` }),
  },
  // The chain of this test has no nodes yet: who may ask hears so, or that there is no such contract.
  'POST /v1/chains/:id/contracts': {
    statuses: [401, 404, 403, 409, 409, 409, 403, 409, 403],
    path: () => `/v1/chains/${chainId}/contracts`,
    body: () => ({ bytecode: '0x00', abi: [] }),
  },
  'GET /v1/chains/:id/contracts': { statuses: members(200), path: () => `/v1/chains/${chainId}/contracts` },
  'GET /v1/chains/:id/contracts/:contractId': { statuses: [401, 404, 404, 404, 404, 404, 403, 404, 404], path: () => `/v1/chains/${chainId}/contracts/${newId('contract')}` },
  'POST /v1/chains/:id/contracts/:contractId/deployment': {
    statuses: [401, 404, 403, 404, 404, 404, 403, 404, 403],
    path: () => `/v1/chains/${chainId}/contracts/${newId('contract')}/deployment`,
    body: () => ({ signedTransaction: '0x02' }),
  },
  'POST /v1/chains/:id/contract-verifications': {
    statuses: [401, 404, 403, 409, 409, 409, 403, 409, 403],
    path: () => `/v1/chains/${chainId}/contract-verifications`,
    body: () => ({ address: `0x${'a'.repeat(40)}`, source: { sources: { 'A.sol': { content: 'contract A {}' } } } }),
  },
  'DELETE /v1/chains/:id': { statuses: [401, 404, 403, 403, 202, 202, 403, 202, 403], path: () => `/v1/chains/${chainId}` },
  'GET /v1/operations/:id': { statuses: members(200), path: () => `/v1/operations/${operationId}` },
  'GET /v1/operations/:id/events': { statuses: members(200), path: () => `/v1/operations/${operationId}/events` },
  'POST /v1/data-centers': {
    statuses: [401, 403, 403, 403, 403, 403, 201, 403, 403],
    body: () => ({ name: 'elsewhere', runtime: 'process' }),
  },
  'GET /v1/data-centers': { statuses: [401, 200, 200, 200, 200, 200, 200, 200, 200] },
  'GET /v1/data-centers/:id': { statuses: [401, 200, 200, 200, 200, 200, 200, 200, 200], path: () => `/v1/data-centers/${dataCenter}` },
  'PATCH /v1/data-centers/:id': {
    statuses: [401, 403, 403, 403, 403, 403, 200, 403, 403],
    path: () => `/v1/data-centers/${dataCenter}`,
    body: () => ({ cordoned: false }),
  },
  'POST /rpc/:chainId': {
    statuses: [401, 404, 409, 409, 409, 409, 403, 409, 403],
    path: () => `/rpc/${chainId}`,
    body: () => ({ jsonrpc: '2.0', id: 1, method: 'eth_blockNumber', params: [] }),
  },
};

beforeAll(async () => {
  stele = await TestGateway.start(({ method, url }) => {
    for (const one of [method].flat()) if (one !== 'HEAD' && one !== 'OPTIONS') routes.push({ method: one, url });
  });
  const owner = await stele.tenant();
  const platform = await stele.platformAdmin();
  dataCenter = (await seedDataCenter(stele.database.gateway, platform.userId)).id;
  who.set('none', undefined).set('owner', owner).set('platform', platform).set('other', await stele.tenant());
  for (const role of ['auditor', 'developer', 'admin'] as const) who.set(role, await stele.colleague(owner, role));
  who.set('key', await stele.apiKey(owner, ['chains:read', 'chains:write', 'rpc'])).set('reader', await stele.apiKey(owner, ['chains:read']));
  const made = await stele.call<{ chain: { id: string }; operation: { id: string } }>('POST', '/v1/chains', { as: owner, body: chainBody(dataCenter) });
  chainId = made.body.chain.id;
  operationId = made.body.operation.id;
}, 60_000);
afterAll(() => stele.stop());

async function statusOf(name: Name, method: string, path: string, body: unknown): Promise<number> {
  const as = who.get(name);
  const left = new AbortController();
  const response = await fetch(`${stele.url}${path}`, {
    method,
    signal: left.signal,
    headers: { ...(as === undefined ? {} : { authorization: `Bearer ${typeof as === 'string' ? as : as.token}` }), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  left.abort();
  return response.status;
}

describe('all routes × identities', () => {
  it('the table names every route, and no other', () => {
    const registered = [...new Set(routes.map((route) => `${route.method} ${route.url}`))].sort();
    expect(registered).toEqual(Object.keys(TABLE).sort());
  });

  it.each(Object.entries(TABLE))('%s', async (route, { statuses, path, body }) => {
    const [method = '', url = ''] = route.split(' ');
    const found: Record<string, number> = {};
    for (const name of IDENTITIES) found[name] = await statusOf(name, method, path?.() ?? url, body?.());
    expect(found).toEqual(Object.fromEntries(IDENTITIES.map((name, index) => [name, statuses[index]])));
  });
});
