import { createSecretKey } from 'node:crypto';
import { JwtService } from '@nestjs/jwt';
import type { SessionView } from '#contracts';
import { loadOrCreateSeed } from '#sdk';
import { PASSWORD, TestGateway, type Person } from '../../testing/test-gateway.js';

let stele: TestGateway;
let person: Person;
beforeAll(async () => {
  stele = await TestGateway.start();
  person = await stele.tenant();
}, 60_000);
afterAll(() => stele.stop());

const refresh = (refreshToken: string) => stele.call<SessionView & { code?: string }>('POST', '/v1/sessions/refresh', { body: { refreshToken } });

describe('sessions', () => {
  it('begin with email, in any case, and password', async () => {
    const { status, body } = await stele.call<SessionView>('POST', '/v1/sessions', { body: { email: person.email.toUpperCase(), password: PASSWORD } });
    expect(status).toBe(201);
    expect(body).toMatchObject({ tokenType: 'Bearer', expiresInSeconds: 600 });
    const me = await stele.call<{ user: { id: string }; tenantId: string }>('GET', '/v1/me', { as: body.accessToken });
    expect(me.body).toMatchObject({ user: { id: person.userId }, tenantId: person.tenantId, memberships: [{ role: 'owner' }], authentication: 'session', scopes: null });
  });

  it('say the same of a wrong password and of nobody', async () => {
    const wrong = await stele.call('POST', '/v1/sessions', { body: { email: person.email, password: 'not that one' } });
    const nobody = await stele.call('POST', '/v1/sessions', { body: { email: 'nobody@example.org', password: 'not that one' } });
    expect([wrong.status, wrong.body['code']]).toEqual([401, 'invalid_credentials']);
    expect({ ...nobody.body, requestId: '' }).toEqual({ ...wrong.body, requestId: '' });
  });

  it('are refreshed by a token that works once; a second use ends the whole session', async () => {
    const first = await stele.logIn(person.email);
    const second = await refresh(first.refreshToken);
    expect(second.status).toBe(200);
    expect(second.body.refreshToken).not.toBe(first.refreshToken);
    expect([(await refresh(first.refreshToken)).body.code]).toEqual(['refresh_token_reused']);
    expect([(await refresh(second.body.refreshToken)).body.code]).toEqual(['refresh_token_invalid']);
  });

  it('survive only one of many refreshes at once', async () => {
    const first = await stele.logIn(person.email);
    const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(first.refreshToken)));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
  });

  it('end at log-out', async () => {
    const session = await stele.logIn(person.email);
    expect((await stele.call('DELETE', '/v1/sessions', { body: { refreshToken: session.refreshToken } })).status).toBe(204);
    expect((await refresh(session.refreshToken)).status).toBe(401);
  });

  it('store no token and no password', async () => {
    const session = await stele.logIn(person.email);
    const rows = await stele.database.owner.query('select row_to_json(t)::text as text from refresh_tokens t union all select row_to_json(u)::text from users u');
    const text = JSON.stringify(rows);
    expect(text).not.toContain(session.refreshToken);
    expect(text).not.toContain(PASSWORD);
    expect(text).toContain('$argon2id$');
  });

  it.each([
    ['expired', { expiresIn: -10 }, undefined, 'token_expired'],
    ['for another audience', { audience: 'elsewhere' }, undefined, 'unauthenticated'],
    ['under another key', {}, 'another key another key another key', 'unauthenticated'],
    ['under another algorithm', { algorithm: 'HS512' as const }, undefined, 'unauthenticated'],
  ])('refuse an access token %s', async (_name, change, otherKey, code) => {
    const key = otherKey ?? createSecretKey(loadOrCreateSeed(stele.home, 'access-token'));
    const token = new JwtService({ secret: key }).sign({}, { subject: person.userId, issuer: 'stele', audience: 'stele-gateway', expiresIn: 60, algorithm: 'HS256', ...change });
    const { status, headers, body } = await stele.call('GET', '/v1/me', { as: token });
    expect([status, body['code']]).toEqual([401, code]);
    expect(headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  it('act for no tenant that one is not in', async () => {
    const other = await stele.tenant();
    const { status, body } = await stele.call('GET', '/v1/me', { as: person, headers: { 'stele-tenant': other.tenantId } });
    expect([status, body['code']]).toEqual([403, 'forbidden']);
  });

  it('are throttled per account after wrong guesses, even with the right password then', async () => {
    const victim = await stele.tenant();
    const guesses = await Promise.all(Array.from({ length: 12 }, () => stele.call('POST', '/v1/sessions', { body: { email: victim.email, password: 'guess guess' } })));
    expect(guesses.filter((guess) => guess.status === 429).length).toBeGreaterThanOrEqual(4);
    const right = await stele.call('POST', '/v1/sessions', { body: { email: victim.email, password: PASSWORD } });
    expect(right.status).toBe(429);
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('API keys', () => {
  it('are shown once, work as bearer and as x-api-key, and stop when revoked', async () => {
    const made = await stele.call<{ id: string; key: string; prefix: string }>('POST', '/v1/api-keys', { as: person, body: { name: 'ci', scopes: ['chains:read'] } });
    expect(made.status).toBe(201);
    const { id, key, prefix } = made.body;
    expect((await stele.call('GET', '/v1/me', { as: key })).body).toMatchObject({ authentication: 'apiKey', scopes: ['chains:read'], tenantId: person.tenantId });
    expect((await stele.call('GET', '/v1/me', { headers: { 'x-api-key': key } })).status).toBe(200);
    const listed = await stele.call<{ data: { id: string; lastUsedAt: string | null }[] }>('GET', '/v1/api-keys', { as: person });
    expect(JSON.stringify(listed.body)).not.toContain(key.slice(prefix.length + 1));
    expect(listed.body.data.find((one) => one.id === id)?.lastUsedAt).not.toBeNull();
    expect((await stele.call('DELETE', `/v1/api-keys/${id}`, { as: person })).status).toBe(204);
    expect((await stele.call('GET', '/v1/me', { as: key })).status).toBe(401);
    const stored = await stele.database.owner.query('select row_to_json(k)::text as text from api_keys k');
    expect(JSON.stringify(stored)).not.toContain(key.slice(prefix.length + 1));
  });

  it('with a right prefix and a wrong secret are refused, as are expired ones', async () => {
    const colleague = await stele.colleague(person, 'developer');
    const key = await stele.apiKey(colleague, ['chains:read']);
    expect((await stele.call('GET', '/v1/me', { as: key })).status).toBe(200);
    expect((await stele.call('GET', '/v1/me', { as: `${key.slice(0, -20)}AAAAAAAAAAAAAAAAAAAA` })).status).toBe(401);
    const expired = await stele.apiKey(colleague, ['chains:read']);
    await stele.database.owner.query(`update api_keys set expires_at = now() - interval '1 second' where prefix = $1`, [expired.slice(0, 32)]);
    expect((await stele.call('GET', '/v1/me', { as: expired })).status).toBe(401);
  });
});
