import { newId } from '#contracts';
import type { DataSource, EntityManager } from 'typeorm';
import { firstRow, rows } from '../database/sql.js';
import { ApiKeyEntity, type ApiKeyRecord } from './token.entities.js';

/**
 * Gateway, before anybody is known: the one key with exactly this prefix (a SECURITY DEFINER function; revoked and
 * expired ones too, so that the answer can say so). The caller compares the hash in constant time.
 */
export async function findApiKeyByPrefix(dataSource: DataSource, prefix: string): Promise<ApiKeyRecord | null> {
  const row = await firstRow<{
    id: string; tenant_id: string; user_id: string; name: string; prefix: string; hash: string; scopes: string[];
    expires_at: Date; created_at: Date; revoked_at: Date | null; last_used_at: Date | null;
  }>(dataSource.manager, 'select * from stele_api_key($1)', [prefix]);
  if (row === null) return null;
  return {
    id: row.id, tenantId: row.tenant_id, userId: row.user_id, name: row.name, prefix: row.prefix, hash: row.hash, scopes: row.scopes,
    expiresAt: row.expires_at, createdAt: row.created_at, revokedAt: row.revoked_at, lastUsedAt: row.last_used_at,
  };
}

/** Gateway. Keys of the tenant that the caller acts for. All in `withTenant`. */
export class ApiKeys {
  constructor(private readonly manager: EntityManager) {}

  async create(input: { tenantId: string; userId: string; name: string; prefix: string; hash: string; scopes: string[]; expiresAt: Date }): Promise<ApiKeyRecord> {
    const id = newId('apiKey');
    await this.manager.query(
      'insert into api_keys (id, tenant_id, user_id, name, prefix, hash, scopes, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8)',
      [id, input.tenantId, input.userId, input.name, input.prefix, input.hash, input.scopes, input.expiresAt],
    );
    return this.manager.findOneByOrFail(ApiKeyEntity, { id });
  }

  /** Newest first; `before` is the id of the last one seen. */
  async list(tenantId: string, page: { limit: number; before?: string }): Promise<ApiKeyRecord[]> {
    const query = this.manager.createQueryBuilder(ApiKeyEntity, 'k').where('k.tenant_id = :tenantId', { tenantId });
    if (page.before !== undefined) query.andWhere('k.id < :before', { before: page.before });
    return query.orderBy('k.id', 'DESC').limit(page.limit).getMany();
  }

  /** False when there is no such key in this tenant; revoking again is no error. */
  async revoke(tenantId: string, id: string): Promise<boolean> {
    const found = await rows(this.manager, 'update api_keys set revoked_at = coalesce(revoked_at, now()) where tenant_id = $1 and id = $2 returning id', [tenantId, id]);
    return found.length === 1;
  }

  /** Notes the use, at most once a minute, so that a busy key does not write on every call. */
  async touch(id: string): Promise<void> {
    await this.manager.query(`update api_keys set last_used_at = now() where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')`, [id]);
  }
}
