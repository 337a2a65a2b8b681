import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { API_KEY_SCOPES, CodedError, newId, type ApiKeyScope, type ApiKeyView, type CreateApiKeyRequest, type CreatedApiKeyView, type Page, type PageQuery } from '#contracts';
import { ApiKeys, withTenant, type ApiKeyRecord } from '#persistence';
import { mintApiKey } from '../auth/api-key.rules.js';
import type { TenantIdentity } from '../auth/identity.js';
import { DATABASE } from '../database.js';
import { pageOf, pageRequest } from '../http/pages.rules.js';

function viewOf(record: ApiKeyRecord): ApiKeyView {
  return {
    id: record.id,
    name: record.name,
    prefix: record.prefix,
    scopes: record.scopes.filter((scope): scope is ApiKeyScope => (API_KEY_SCOPES as readonly string[]).includes(scope)),
    createdAt: record.createdAt.toISOString(),
    expiresAt: record.expiresAt.toISOString(),
    lastUsedAt: record.lastUsedAt?.toISOString() ?? null,
    revokedAt: record.revokedAt?.toISOString() ?? null,
  };
}

/** Keys for programs; each acts for one tenant with its maker's role, narrowed by its scopes. */
@Injectable()
export class ApiKeysService {
  constructor(@Inject(DATABASE) private readonly dataSource: DataSource) {}

  async create(caller: TenantIdentity, body: CreateApiKeyRequest): Promise<CreatedApiKeyView> {
    const minted = mintApiKey(newId('apiKey').slice('key_'.length));
    const record = await withTenant(this.dataSource, caller, (manager) =>
      new ApiKeys(manager).create({
        tenantId: caller.tenantId,
        userId: caller.userId,
        name: body.name,
        prefix: minted.prefix,
        hash: minted.hash,
        scopes: [...new Set(body.scopes)],
        expiresAt: new Date(Date.now() + body.expiresInDays * 86_400_000),
      }),
    );
    return { ...viewOf(record), key: minted.key };
  }

  async list(caller: TenantIdentity, query: PageQuery): Promise<Page<ApiKeyView>> {
    const page = pageRequest('apiKey', query);
    const records = await withTenant(this.dataSource, caller, (manager) => new ApiKeys(manager).list(caller.tenantId, page));
    return pageOf(records, query, viewOf);
  }

  /** Revoking twice is no error. @throws CodedError `not_found` */
  async revoke(caller: TenantIdentity, id: string): Promise<void> {
    const found = await withTenant(this.dataSource, caller, (manager) => new ApiKeys(manager).revoke(caller.tenantId, id));
    if (!found) throw new CodedError('not_found');
  }
}
