/**
 * `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header). Insert first: of any number of parallel requests exactly
 * one inserts the row and works; the others see it in flight, or get the stored answer. Call `complete` with the manager
 * of the transaction that does the work, so that the work and its answer are stored together or not at all; then a crash
 * leaves only an in-flight row without any work behind it, which the next attempt takes over after `IN_FLIGHT_MS`.
 */
import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { PersistenceError } from '../database/errors.js';
import { firstRow, rows } from '../database/sql.js';
import { withAccess, type Access } from '../database/unit-of-work.js';

export const IDEMPOTENCY_TTL_MS = 24 * 60 * 60 * 1000;
/** Longer than any request may take. */
export const IN_FLIGHT_MS = 60_000;

export type IdempotencyOutcome =
  /** Do the work, then `complete` (or `abandon`) with this claim. */
  | { kind: 'claimed'; claim: IdempotencyClaim }
  /** The answer of the first request. */
  | { kind: 'replay'; responseCode: number; responseBody: unknown }
  /** 409: the first request is still working. */
  | { kind: 'inFlight' }
  /** 422: the key was used with another request. */
  | { kind: 'mismatch' };

export interface IdempotencyClaim {
  scope: string;
  key: string;
  /** Fences a slow first request against the one that took its row over. */
  claimId: string;
}

/** Keys live within a tenant; those of platform admins within their user. */
function scopeOf(access: Access): string {
  const scope = access.tenantId ?? (access.platform === true ? access.userId : undefined);
  if (scope === undefined) throw new PersistenceError('conflict', 'An idempotency key needs a tenant or a platform user.');
  return scope;
}

/** Gateway. */
export class IdempotencyKeys {
  constructor(private readonly dataSource: DataSource) {}

  /** In its own transaction, committed before the work starts. `requestHash` covers method, path and body. */
  async begin(access: Access, key: string, requestHash: string): Promise<IdempotencyOutcome> {
    const scope = scopeOf(access);
    return withAccess(this.dataSource, access, async (manager) => {
      const claimId = randomUUID();
      // The conflict branch takes over only a row that has expired, or one in flight for the same request whose worker is gone.
      const claimed = await rows(
        manager,
        `insert into idempotency_keys as k (scope, key, request_hash, claim_id, expires_at) values ($1, $2, $3, $4, now() + $5 * interval '1 millisecond')
         on conflict (scope, key) do update
           set request_hash = excluded.request_hash, claim_id = excluded.claim_id, status = 'inFlight', response_code = null,
               response_body = null, created_at = now(), claimed_at = now(), expires_at = excluded.expires_at
           where k.expires_at < now()
              or (k.status = 'inFlight' and k.request_hash = excluded.request_hash and k.claimed_at < now() - $6 * interval '1 millisecond')
         returning claim_id`,
        [scope, key, requestHash, claimId, IDEMPOTENCY_TTL_MS, IN_FLIGHT_MS],
      );
      if (claimed.length === 1) return { kind: 'claimed', claim: { scope, key, claimId } };
      return this.existing(manager, scope, key, requestHash);
    });
  }

  private async existing(manager: EntityManager, scope: string, key: string, requestHash: string): Promise<IdempotencyOutcome> {
    const row = await firstRow<{ request_hash: string; status: string; response_code: number | null; response_body: unknown }>(
      manager,
      'select request_hash, status, response_code, response_body from idempotency_keys where scope = $1 and key = $2',
      [scope, key],
    );
    // Gone in between: the first request gave up; the caller may try again.
    if (row === null) return { kind: 'inFlight' };
    if (row.request_hash !== requestHash) return { kind: 'mismatch' };
    if (row.status !== 'done' || row.response_code === null) return { kind: 'inFlight' };
    return { kind: 'replay', responseCode: row.response_code, responseBody: row.response_body };
  }

  /** In the transaction of the work. Throws `conflict` (and so undoes the work) where another request took the row over. */
  async complete(manager: EntityManager, claim: IdempotencyClaim, responseCode: number, responseBody: unknown): Promise<void> {
    const done = await rows(
      manager,
      `update idempotency_keys set status = 'done', response_code = $4, response_body = $5
       where scope = $1 and key = $2 and claim_id = $3 and status = 'inFlight' returning key`,
      [claim.scope, claim.key, claim.claimId, responseCode, JSON.stringify(responseBody)],
    );
    if (done.length !== 1) throw new PersistenceError('conflict', 'This request took too long, and another with the same Idempotency-Key has taken its place.');
  }

  /** The work failed and nothing of it stands: the key is free again. */
  async abandon(access: Access, claim: IdempotencyClaim): Promise<void> {
    await withAccess(this.dataSource, access, (manager) =>
      manager.query(`delete from idempotency_keys where scope = $1 and key = $2 and claim_id = $3 and status = 'inFlight'`, [claim.scope, claim.key, claim.claimId]),
    );
  }
}

/** Provisioner: forgets keys that have expired. Answers how many. */
export async function pruneIdempotencyKeys(manager: EntityManager): Promise<number> {
  const found = await manager.query<unknown>('with gone as (delete from idempotency_keys where expires_at < now() returning expires_at) select count(*)::int as count from gone');
  return (found as { count: number }[])[0]?.count ?? 0;
}
