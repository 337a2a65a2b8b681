/**
 * Rotating refresh tokens (RFC 9700 §4.14.2). A token works once; when a used one comes again, either the client or a
 * thief holds a copy, and nobody can tell which: the whole family is revoked.
 */
import { newId } from '#contracts';
import type { DataSource, EntityManager } from 'typeorm';
import { firstRow } from '../database/sql.js';
import { withUser } from '../database/unit-of-work.js';
import { RefreshTokenEntity, type RefreshTokenRecord } from './token.entities.js';

export type Rotation =
  | { kind: 'rotated'; userId: string; token: RefreshTokenRecord }
  | { kind: 'unknown' }
  | { kind: 'expired'; userId: string }
  | { kind: 'revoked'; userId: string }
  /** A used token came again; its family is now revoked. */
  | { kind: 'reused'; userId: string };

/** Gateway. All in `withUser`. Hashes are SHA-256 in hex of the token. */
export class RefreshTokens {
  constructor(private readonly manager: EntityManager) {}

  /** A new token; without `family` it starts one (a log-in). */
  async issue(input: { userId: string; hash: string; expiresAt: Date; family?: string }): Promise<RefreshTokenRecord> {
    const token: RefreshTokenRecord = {
      id: newId('refreshToken'),
      userId: input.userId,
      family: input.family ?? newId('tokenFamily'),
      hash: input.hash,
      expiresAt: input.expiresAt,
      usedAt: null,
      revokedAt: null,
    };
    await this.manager.query('insert into refresh_tokens (id, user_id, family, hash, expires_at) values ($1, $2, $3, $4, $5)', [
      token.id, token.userId, token.family, token.hash, token.expiresAt,
    ]);
    return token;
  }

  async revokeFamily(family: string): Promise<void> {
    await this.manager.query('update refresh_tokens set revoked_at = now() where family = $1 and revoked_at is null', [family]);
  }

  /** The caller's token by its hash, locked until the transaction ends. */
  async lockByHash(hash: string): Promise<RefreshTokenRecord | null> {
    return this.manager.findOne(RefreshTokenEntity, { where: { hash }, lock: { mode: 'pessimistic_write' } });
  }

  async markUsed(id: string): Promise<void> {
    await this.manager.query('update refresh_tokens set used_at = now() where id = $1', [id]);
  }
}

async function ownerOf(dataSource: DataSource, hash: string): Promise<string | null> {
  const row = await firstRow<{ user_id: string | null }>(dataSource.manager, 'select stele_refresh_owner($1) as user_id', [hash]);
  return row?.user_id ?? null;
}

/** Gateway. Trades a token for its successor; two callers with one token: the first wins, the second is a reuse. */
export async function rotateRefreshToken(
  dataSource: DataSource,
  input: { hash: string; nextHash: string; nextExpiresAt: Date; now?: Date },
): Promise<Rotation> {
  const userId = await ownerOf(dataSource, input.hash);
  if (userId === null) return { kind: 'unknown' };
  return withUser(dataSource, userId, async (manager) => {
    const tokens = new RefreshTokens(manager);
    const token = await tokens.lockByHash(input.hash);
    if (token === null) return { kind: 'unknown' };
    if (token.revokedAt !== null) return { kind: 'revoked', userId };
    if (token.usedAt !== null) {
      await tokens.revokeFamily(token.family);
      return { kind: 'reused', userId };
    }
    if (token.expiresAt <= (input.now ?? new Date())) return { kind: 'expired', userId };
    await tokens.markUsed(token.id);
    const next = await tokens.issue({ userId, family: token.family, hash: input.nextHash, expiresAt: input.nextExpiresAt });
    return { kind: 'rotated', userId, token: next };
  });
}

/** Gateway. Log-out: revokes the family of the token; unknown tokens are no error. */
export async function revokeRefreshToken(dataSource: DataSource, hash: string): Promise<void> {
  const userId = await ownerOf(dataSource, hash);
  if (userId === null) return;
  await withUser(dataSource, userId, async (manager) => {
    const tokens = new RefreshTokens(manager);
    const token = await tokens.lockByHash(hash);
    if (token !== null) await tokens.revokeFamily(token.family);
  });
}

/** Provisioner: forgets tokens that expired more than a day ago. Answers how many. */
export async function pruneRefreshTokens(manager: EntityManager): Promise<number> {
  // A used token must be known for as long as it could have been good: its second use is what gives a thief away.
  const found = await manager.query<unknown>(
    `with gone as (delete from refresh_tokens where expires_at < now() - interval '1 day' returning expires_at) select count(*)::int as count from gone`,
  );
  return (found as { count: number }[])[0]?.count ?? 0;
}
