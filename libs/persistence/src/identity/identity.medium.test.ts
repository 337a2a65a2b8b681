import { seedPlatformAdmin, seedTenant, startTestStores, type TestDatabase, type TestStores } from '../../testing/index.js';
import { ApiKeys, ensurePlatformAdmin, pruneRefreshTokens, RefreshTokens, registerTenant, revokeRefreshToken, rotateRefreshToken, Tenants, Users, withAccess, withTenant, withUser } from '../index.js';

let stores: TestStores;
let db: TestDatabase;
beforeAll(async () => {
  stores = await startTestStores();
  db = await stores.database();
});
afterAll(() => stores?.stop());

let counter = 0;
const hash = () => `${++counter}`.padStart(64, '0');
const soon = () => new Date(Date.now() + 60_000);
const logIn = async (userId: string, expiresAt = soon()) => {
  const first = hash();
  await withUser(db.gateway, userId, (manager) => new RefreshTokens(manager).issue({ userId, hash: first, expiresAt }));
  return first;
};
const rotate = (from: string, to = hash()) => rotateRefreshToken(db.gateway, { hash: from, nextHash: to, nextExpiresAt: soon() });

test('a tenant registers with its owner; email and slug are unique, without case', async () => {
  const input = { name: 'Acme', slug: 'acme', owner: { email: 'Ann@Acme.example', name: 'Ann', passwordHash: 'x' } };
  const { tenant, user } = await registerTenant(db.gateway, input);
  expect(user).toMatchObject({ email: 'ann@acme.example', platformRole: null });
  expect(await withUser(db.gateway, user.id, (manager) => new Tenants(manager).memberships(user.id))).toEqual([{ tenant, role: 'owner' }]);
  await expect(registerTenant(db.gateway, { ...input, slug: 'other' })).rejects.toMatchObject({ code: 'emailTaken' });
  await expect(registerTenant(db.gateway, { ...input, owner: { ...input.owner, email: 'b@acme.example' } })).rejects.toMatchObject({ code: 'slugTaken' });
  expect(await withAccess(db.gateway, {}, (manager) => new Users(manager).findForLogin('b@acme.example'))).toBeNull();
});

test('a refresh token works once; a second use revokes the whole family', async () => {
  const { userId } = await seedTenant(db.gateway);
  const [first, second, third] = [await logIn(userId), hash(), hash()];
  expect(await rotate(first, second)).toMatchObject({ kind: 'rotated', userId });
  expect(await rotate(second, third)).toMatchObject({ kind: 'rotated' });
  expect(await rotate(first)).toEqual({ kind: 'reused', userId });
  expect(await rotate(third)).toEqual({ kind: 'revoked', userId });
  expect(await rotate(hash())).toEqual({ kind: 'unknown' });
});

test('of ten parallel uses of one refresh token one wins and the family ends', async () => {
  const { userId } = await seedTenant(db.gateway);
  const first = await logIn(userId);
  const kinds = (await Promise.all(Array.from({ length: 10 }, () => rotate(first)))).map((rotation) => rotation.kind);
  expect(kinds.filter((kind) => kind === 'rotated')).toHaveLength(1);
  expect(kinds.filter((kind) => kind === 'reused').length).toBeGreaterThan(0);
});

test('log-out ends one family and no other; an expired token is said to be so', async () => {
  const { userId } = await seedTenant(db.gateway);
  const [one, two] = [await logIn(userId), await logIn(userId)];
  await revokeRefreshToken(db.gateway, one);
  expect(await rotate(one)).toEqual({ kind: 'revoked', userId });
  expect(await rotate(two)).toMatchObject({ kind: 'rotated' });
  expect(await rotate(await logIn(userId, new Date(Date.now() - 1)))).toEqual({ kind: 'expired', userId });
});

test('refresh tokens are forgotten a day after they expire, by the provisioner, which reads no hash', async () => {
  const { userId } = await seedTenant(db.gateway);
  await pruneRefreshTokens(db.provisioner.manager);
  const [good, expired] = [await logIn(userId), await logIn(userId, new Date(Date.now() - 60_000))];
  const old = await logIn(userId, new Date(Date.now() - 25 * 3_600_000));
  expect(await pruneRefreshTokens(db.provisioner.manager)).toBe(1);
  expect(await rotate(old)).toEqual({ kind: 'unknown' });
  expect(await rotate(expired)).toEqual({ kind: 'expired', userId });
  expect(await rotate(good)).toMatchObject({ kind: 'rotated' });
  await expect(db.provisioner.query('select hash from refresh_tokens')).rejects.toThrow(/permission denied/);
  await expect(db.provisioner.query(`update refresh_tokens set expires_at = now()`)).rejects.toThrow(/permission denied/);
});

test('API keys are listed, revoked and touched within their tenant only', async () => {
  const a = await seedTenant(db.gateway);
  const b = await seedTenant(db.gateway);
  const keys = <T>(who: typeof a, work: (repository: ApiKeys) => Promise<T>) => withTenant(db.gateway, who, (manager) => work(new ApiKeys(manager)));
  const made = [];
  for (let i = 0; i < 3; i++) {
    made.push(await keys(a, (repository) => repository.create({ ...a, name: `k${i}`, prefix: `stele_${a.tenantId.slice(-6)}${i}`, hash: hash(), scopes: ['rpc'], expiresAt: soon() })));
  }
  const ids = made.map((key) => key.id).sort().reverse();
  expect((await keys(a, (repository) => repository.list(a.tenantId, { limit: 2 }))).map((key) => key.id)).toEqual(ids.slice(0, 2));
  expect((await keys(a, (repository) => repository.list(a.tenantId, { limit: 2, before: ids[1] ?? '' }))).map((key) => key.id)).toEqual(ids.slice(2));
  expect(await keys(b, (repository) => repository.revoke(b.tenantId, ids[0] ?? ''))).toBe(false);
  expect(await keys(b, (repository) => repository.revoke(a.tenantId, ids[0] ?? ''))).toBe(false);
  expect(await keys(a, (repository) => repository.revoke(a.tenantId, ids[0] ?? ''))).toBe(true);
  await keys(a, (repository) => repository.touch(ids[1] ?? ''));
  const [revoked, touched] = await keys(a, (repository) => repository.list(a.tenantId, { limit: 2 }));
  expect(revoked?.revokedAt).toBeInstanceOf(Date);
  expect(touched?.lastUsedAt).toBeInstanceOf(Date);
});

test('the first platform admin is made once, by the owner of the database', async () => {
  const admin = await seedPlatformAdmin(db.owner);
  expect(await ensurePlatformAdmin(db.owner, { email: 'second@example.org', name: 'x', passwordHash: 'x' })).toBeNull();
  expect(await withUser(db.gateway, admin.userId, (manager) => new Users(manager).get(admin.userId))).toMatchObject({ platformRole: 'admin' });
});
