import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { API_KEY_SCOPES, CodedError, type ApiKeyScope } from '#contracts';
import { ApiKeys, findApiKeyByPrefix, Tenants, Users, withTenant, withUser, type MembershipRecord } from '#persistence';
import { DATABASE } from '../database.js';
import type { AccessTokenPayload } from './access-tokens.js';
import { apiKeyPrefixOf, hashApiKey, sameHash } from './api-key.rules.js';
import type { Identity } from './identity.js';

function isScope(text: string): text is ApiKeyScope {
  return (API_KEY_SCOPES as readonly string[]).includes(text);
}

/** The membership that a request acts for: the wished tenant, else the first; none where it wishes what it has not. */
export function chooseMembership(memberships: readonly MembershipRecord[], wished: string | null): MembershipRecord | undefined {
  return wished === null ? memberships[0] : memberships.find((one) => one.tenant.id === wished || one.tenant.slug === wished);
}

/** Turns proven credentials into identities, from what the database says now. */
@Injectable()
export class Identities {
  constructor(@Inject(DATABASE) private readonly dataSource: DataSource) {}

  /**
   * @param wishedTenant the header `Stele-Tenant`
   * @throws CodedError `unauthenticated` where the user is gone, `forbidden` where it is not in the wished tenant
   */
  async ofSession(payload: AccessTokenPayload, wishedTenant: string | null): Promise<Identity> {
    const { user, memberships } = await withUser(this.dataSource, payload.sub, async (manager) => ({
      user: await new Users(manager).get(payload.sub),
      memberships: await new Tenants(manager).memberships(payload.sub),
    }));
    if (user === null) throw new CodedError('unauthenticated', 'the user is gone');
    const membership = chooseMembership(memberships, wishedTenant);
    if (wishedTenant !== null && membership === undefined) throw new CodedError('forbidden', 'this user does not belong to the tenant named by Stele-Tenant');
    return {
      authentication: 'session',
      userId: user.id,
      platformRole: user.platformRole,
      tenantId: membership?.tenant.id ?? null,
      role: membership?.role ?? null,
      scopes: null,
      expiresAtMs: payload.exp * 1000,
    };
  }

  /** @throws CodedError `unauthenticated` where the key is unknown, revoked or expired, or its maker has left the tenant. */
  async ofApiKey(key: string): Promise<Identity> {
    const prefix = apiKeyPrefixOf(key);
    const record = prefix === null ? null : await findApiKeyByPrefix(this.dataSource, prefix);
    if (record === null || !sameHash(record.hash, hashApiKey(key))) throw new CodedError('unauthenticated', 'the API key is not valid');
    if (record.revokedAt !== null) throw new CodedError('unauthenticated', 'the API key is revoked');
    if (record.expiresAt.getTime() <= Date.now()) throw new CodedError('unauthenticated', 'the API key has expired');
    const memberships = await withUser(this.dataSource, record.userId, (manager) => new Tenants(manager).memberships(record.userId));
    const membership = memberships.find((one) => one.tenant.id === record.tenantId);
    if (membership === undefined) throw new CodedError('unauthenticated', 'who made the API key has left the tenant');
    await withTenant(this.dataSource, { tenantId: record.tenantId, userId: record.userId }, (manager) => new ApiKeys(manager).touch(record.id));
    return {
      authentication: 'apiKey',
      userId: record.userId,
      platformRole: null,
      tenantId: record.tenantId,
      role: membership.role,
      scopes: record.scopes.filter(isScope),
      expiresAtMs: record.expiresAt.getTime(),
    };
  }
}
