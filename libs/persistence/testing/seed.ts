/** Rows that many tests start from, made the way the gateway makes them. */
import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import {
  Chains, DataCenters, ensurePlatformAdmin, registerTenant, withPlatform, withTenant, type ChainAndOperation, type DataCenterRecord, type NewChain, type NewDataCenter,
} from '../src/index.js';

const word = () => randomBytes(4).toString('hex');
export const randomAccount = () => `0x${randomBytes(20).toString('hex')}`;

/** The access of a new tenant's owner. */
export async function seedTenant(gateway: DataSource, slug = `t-${word()}`): Promise<{ tenantId: string; userId: string; email: string }> {
  const email = `${slug}@example.org`;
  const { tenant, user } = await registerTenant(gateway, { name: `Tenant ${slug}`, slug, owner: { email, name: 'Owner', passwordHash: 'not a hash' } });
  return { tenantId: tenant.id, userId: user.id, email };
}

export async function seedPlatformAdmin(owner: DataSource): Promise<{ userId: string }> {
  const admin = await ensurePlatformAdmin(owner, { email: `admin-${word()}@example.org`, name: 'Admin', passwordHash: 'not a hash' });
  if (admin === null) throw new Error('There is a platform admin already.');
  return admin;
}

export async function seedDataCenter(gateway: DataSource, adminId: string, input: Partial<NewDataCenter> = {}): Promise<DataCenterRecord> {
  return withPlatform(gateway, adminId, (manager) =>
    new DataCenters(manager).register({
      name: `dc-${word()}`, runtime: 'process', connection: {}, advertiseAddress: '127.0.0.1', portFrom: 21_000, portTo: 24_999, subnetPool: '10.213.0.0/16', ...input,
    }),
  );
}

/** A chain with `count` validators whose sole founder is this tenant, unless `input` says otherwise. */
export async function seedChain(
  gateway: DataSource, access: { tenantId: string; userId: string }, dataCenterId: string, count = 4, input: Partial<NewChain> = {},
): Promise<ChainAndOperation> {
  return withTenant(gateway, access, (manager) =>
    new Chains(manager, access.tenantId).create({
      createdBy: access.userId, name: `Chain ${word()}`, faultModel: 'BFT', access: 'open', params: {}, alloc: [],
      members: [{ tenantId: access.tenantId, name: 'Founder', governanceAccount: randomAccount(), operationsAccount: randomAccount() }],
      nodes: Array.from({ length: count }, () => ({ dataCenterId, kind: 'validator' as const, power: 1 })),
      ...input,
    }),
  );
}
