import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { CodedError, type CreateTenantRequest, type CreateTenantResponse, type MeView, type TenantView, type UserView } from '#contracts';
import { PersistenceError, registerTenant, Tenants, Users, withUser, type TenantRecord, type UserRecord } from '#persistence';
import type { Identity } from '../auth/identity.js';
import { hashPassword } from '../auth/passwords.js';
import { DATABASE } from '../database.js';
import { distinctSlug, slugOf } from './slug.rules.js';

const SLUG_ATTEMPTS = 3;

export function tenantView(record: TenantRecord): TenantView {
  return { id: record.id, name: record.name, slug: record.slug, createdAt: record.createdAt.toISOString() };
}

export function userView(record: UserRecord): UserView {
  return { id: record.id, email: record.email, name: record.name, platformRole: record.platformRole, createdAt: record.createdAt.toISOString() };
}

@Injectable()
export class TenantsService {
  constructor(@Inject(DATABASE) private readonly dataSource: DataSource) {}

  /**
   * Without a slug one is made from the name, and made distinct where it is taken.
   * @throws CodedError `email_taken`, or `slug_taken` where the caller chose it
   */
  async register(body: CreateTenantRequest): Promise<CreateTenantResponse> {
    const { password, ...person } = body.owner;
    const owner = { ...person, passwordHash: await hashPassword(password) };
    let slug = body.slug ?? slugOf(body.name);
    for (let attempt = 1; ; attempt++) {
      try {
        const { tenant, user } = await registerTenant(this.dataSource, { name: body.name, slug, owner });
        return { tenant: tenantView(tenant), user: userView(user) };
      } catch (error) {
        const mayTryAnother = error instanceof PersistenceError && error.code === 'slugTaken' && body.slug === undefined;
        if (!mayTryAnother || attempt >= SLUG_ATTEMPTS) throw error;
        slug = distinctSlug(slugOf(body.name), randomBytes(3).toString('hex'));
      }
    }
  }

  async me(caller: Identity): Promise<MeView> {
    return withUser(this.dataSource, caller.userId, async (manager) => {
      const user = await new Users(manager).get(caller.userId);
      if (user === null) throw new CodedError('unauthenticated', 'the user is gone');
      const memberships = await new Tenants(manager).memberships(caller.userId);
      // A key speaks for one tenant, and does not tell of its maker's others.
      const shown = caller.authentication === 'apiKey' ? memberships.filter((one) => one.tenant.id === caller.tenantId) : memberships;
      return {
        user: userView(user),
        tenantId: caller.tenantId,
        memberships: shown.map(({ tenant, role }) => ({ tenant: tenantView(tenant), role })),
        authentication: caller.authentication,
        scopes: caller.scopes,
      };
    });
  }
}
