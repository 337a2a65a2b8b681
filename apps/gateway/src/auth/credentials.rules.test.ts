import { chooseMembership } from './identities.js';
import { credentialOf, wishedTenantOf } from './credentials.rules.js';

describe('what a request shows', () => {
  it.each([
    ['nothing', {}, null],
    ['an access token', { authorization: 'Bearer a.b.c' }, { kind: 'accessToken', token: 'a.b.c' }],
    ['an API key as bearer', { authorization: 'bearer stele_x' }, { kind: 'apiKey', key: 'stele_x' }],
    ['an API key in its own header, which leads', { 'x-api-key': 'stele_y', authorization: 'Bearer a.b.c' }, { kind: 'apiKey', key: 'stele_y' }],
    ['basic authentication, which we do not know', { authorization: 'Basic YTpi' }, null],
    ['more than one word', { authorization: 'Bearer a b' }, null],
  ])('%s', (_name, headers, expected) => {
    expect(credentialOf(headers)).toEqual(expected);
  });

  it('may name a tenant', () => {
    expect(wishedTenantOf({ 'stele-tenant': 'aster' })).toBe('aster');
    expect(wishedTenantOf({ 'stele-tenant': '' })).toBeNull();
  });
});

describe('the tenant that a person acts for', () => {
  const membership = (id: string, slug: string) => ({ tenant: { id, slug, name: slug, createdAt: new Date(0) }, role: 'owner' as const });
  const both = [membership('ten_a', 'aster'), membership('ten_b', 'borealis')];
  it.each([
    [null, 'ten_a'],
    ['ten_b', 'ten_b'],
    ['borealis', 'ten_b'],
    ['ten_c', undefined],
  ])('wished %j: %j', (wished, id) => {
    expect(chooseMembership(both, wished)?.tenant.id).toBe(id);
  });
});
