import { TestGateway } from '../../testing/test-gateway.js';

let stele: TestGateway;
beforeAll(async () => {
  stele = await TestGateway.start();
}, 60_000);
afterAll(() => stele.stop());

describe('errors', () => {
  it('are problem documents with a stable code and the request id', async () => {
    const { status, headers, body } = await stele.call('GET', '/v1/nothing');
    expect(status).toBe(404);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({ type: 'urn:stele:problem:not_found', status: 404, code: 'not_found', requestId: headers.get('x-request-id') });
    expect(body['requestId']).toMatch(/^req_/);
  });

  it.each([
    ['DELETE', '/v1/tenants', 'POST'],
    ['PATCH', '/v1/chains/chn_1?x=/v1', 'DELETE, GET, HEAD'],
    ['POST', '/livez', 'GET, HEAD'],
  ])('tell which methods a path has: %s %s', async (method, path, allow) => {
    const { status, headers, body } = await stele.call(method, path);
    expect([status, body['code'], headers.get('allow')]).toEqual([405, 'method_not_allowed', allow]);
  });

  it('name every field that does not match its schema', async () => {
    const { status, body } = await stele.call('POST', '/v1/tenants', { body: { name: '', owner: { email: 'x', password: 'short', name: 'A', role: 'root' } } });
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'validation_failed' });
    const paths = (body['errors'] as { path: string }[]).map((error) => error.path);
    expect(paths).toEqual(expect.arrayContaining(['name', 'owner.email', 'owner.password']));
  });

  it.each([
    ['a body that is no JSON', '{"name": ', {}, 400, 'malformed_request'],
    ['a body that is too large', JSON.stringify({ name: 'x'.repeat(2_000_000) }), {}, 413, 'payload_too_large'],
    ['a content type that is not JSON', '<a/>', { 'content-type': 'text/xml' }, 415, 'unsupported_media_type'],
    ['the form that curl sends by itself', '{"name":"x"}', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'unsupported_media_type'],
  ])('%s', async (_name, text, headers, status, code) => {
    const answer = await stele.call('POST', '/v1/tenants', { body: text, headers });
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
  });

  it('do not tell of what goes wrong inside', async () => {
    await stele.database.owner.query('alter table tenants rename to tenants_gone');
    try {
      const answer = await stele.call('POST', '/v1/tenants', { body: { name: 'X', owner: { email: 'inside@example.org', password: 'long enough 1', name: 'A' } } });
      expect(answer.status).toBe(500);
      expect(JSON.stringify(answer.body)).not.toMatch(/tenants|relation|sql/i);
      expect(answer.body['code']).toBe('internal_error');
    } finally {
      await stele.database.owner.query('alter table tenants_gone rename to tenants');
    }
  });
});

describe('the platform around the API', () => {
  it('is alive and ready', async () => {
    expect((await stele.call('GET', '/livez')).body).toEqual({ status: 'ok' });
    expect((await stele.call('GET', '/readyz')).body).toEqual({ status: 'ok' });
  });

  it('describes itself in OpenAPI 3.1 out of the schemas that validate', async () => {
    const { body } = await stele.call<{
      openapi: string;
      components: { schemas: Record<string, { required?: string[] }> };
      paths: Record<string, Record<string, { requestBody?: { content: Record<string, { schema: unknown }> }; responses: Record<string, { content?: Record<string, { schema: unknown }> }> }>>;
    }>('GET', '/openapi.json');
    expect(body.openapi).toBe('3.1.0');
    expect(Object.keys(body.paths)).toEqual(expect.arrayContaining(['/v1/chains', '/v1/chains/{id}/genesis/signatures', '/v1/operations/{id}/events']));
    const create = body.paths['/v1/chains']?.['post'];
    const text = JSON.stringify(body);
    expect(create?.requestBody?.content['application/json']?.schema).toBeDefined();
    expect(create?.responses['202']?.content?.['application/json']?.schema).toBeDefined();
    expect(text).toContain('governanceAccount');
    expect(text).toContain('evmChainId');
    expect(text).not.toContain('~standard');
    expect(create?.responses['default']?.content).toEqual({ 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } });
    expect(body.components.schemas['Problem']).toMatchObject({ type: 'object' });
    // A client may leave out what has a default.
    expect(body.components.schemas['CreateChainRequest']?.required).toEqual(['name', 'members', 'nodes']);
    expect(body.paths['/rpc/{chainId}']).toBeDefined();
  });

  it('says in its description what each operation does, where it is, and who may call it', async () => {
    const { body } = await stele.call<{
      servers: unknown;
      paths: Record<string, Record<string, { operationId: string; summary?: string; security?: Record<string, unknown>[] }>>;
    }>('GET', '/openapi.json');
    expect(body.servers).toEqual([{ url: '/', description: 'This gateway' }]);
    const operations = Object.values(body.paths).flatMap((path) => Object.values(path));
    expect(operations.filter(({ summary }) => summary === undefined).map(({ operationId }) => operationId)).toEqual([]);
    const schemes = (path: string, method: string) => (body.paths[path]?.[method]?.security ?? []).flatMap((one) => Object.keys(one)).sort();
    expect(schemes('/v1/data-centers', 'get')).toEqual(['apiKey', 'bearer']);
    expect(schemes('/v1/data-centers', 'post')).toEqual(['bearer']);
    expect(schemes('/v1/sessions', 'delete')).toEqual([]);
  });

  it('answers no page of another origin', async () => {
    const { headers } = await stele.call('GET', '/livez', { headers: { origin: 'https://elsewhere.example' } });
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });
});
