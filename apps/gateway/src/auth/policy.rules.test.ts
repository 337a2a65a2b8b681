import { decide, type RoutePolicy } from './policy.rules.js';
import type { Identity } from './identity.js';

const person: Identity = { authentication: 'session', userId: 'usr', platformRole: null, tenantId: 'ten', role: 'developer', scopes: null, expiresAtMs: 0 };
const admin: Identity = { ...person, role: 'admin' };
const stranger: Identity = { ...person, tenantId: null, role: null };
const platform: Identity = { ...stranger, platformRole: 'admin' };
const key: Identity = { ...admin, authentication: 'apiKey', scopes: ['chains:read'] };

const write: RoutePolicy = { kind: 'tenant', roles: ['owner', 'admin'], scope: 'chains:write' };
const read: RoutePolicy = { kind: 'tenant', roles: ['owner', 'admin', 'developer', 'auditor'], scope: 'chains:read' };
const peopleOnly: RoutePolicy = { kind: 'tenant', roles: ['admin'], scope: null };
const platformOnly: RoutePolicy = { kind: 'platform', roles: ['admin'] };

describe('who may use a route', () => {
  const cases: [string, RoutePolicy | undefined, Identity | null, string][] = [
    ['a route without a policy refuses even a platform admin', undefined, platform, 'forbidden'],
    ['a public route takes anyone', { kind: 'public' }, null, 'ok'],
    ['any other asks who it is', { kind: 'anyone' }, null, 'unauthenticated'],
    ['anyone means anyone known', { kind: 'anyone' }, key, 'ok'],
    ['a role that suffices', write, admin, 'ok'],
    ['a role that does not', write, person, 'forbidden'],
    ['no tenant', read, stranger, 'forbidden'],
    ['a platform role is no tenant role', read, platform, 'forbidden'],
    ['a key with the scope', read, key, 'ok'],
    ['a key without the scope', write, key, 'forbidden'],
    ['a key where only people may', peopleOnly, key, 'forbidden'],
    ['a platform route for platform people', platformOnly, platform, 'ok'],
    ['a platform role that does not suffice', platformOnly, { ...platform, platformRole: 'operator' }, 'forbidden'],
    ['a tenant’s admin is no platform admin', platformOnly, admin, 'forbidden'],
    ['a platform admin’s key is not the platform admin', platformOnly, { ...key, platformRole: 'admin' }, 'forbidden'],
  ];
  it.each(cases)('%s', (_name, policy, identity, expected) => {
    const verdict = decide(policy, identity);
    expect(verdict.allowed ? 'ok' : verdict.code).toBe(expected);
  });
});
