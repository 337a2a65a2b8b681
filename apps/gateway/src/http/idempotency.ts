import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { CodedError } from '#contracts';
import { IdempotencyKeys, withAccess, type Access } from '#persistence';
import { DATABASE } from '../database.js';

const MAX_KEY_CHARS = 200;

export interface IdempotentRequest {
  /** The header `Idempotency-Key`; without one the work is simply done. */
  key: string | undefined;
  /** E.g. `POST /v1/chains`. */
  route: string;
  /** As validated: what differs only in order of defaults counts as the same. */
  body: unknown;
}

/** Does a request's work once, however often it is sent with the same key within 24 hours. */
@Injectable()
export class Idempotency {
  private readonly keys: IdempotencyKeys;

  constructor(@Inject(DATABASE) private readonly dataSource: DataSource) {
    this.keys = new IdempotencyKeys(dataSource);
  }

  /**
   * The work and its stored answer are one transaction: both stand, or neither.
   * @throws CodedError `idempotency_in_flight`, `idempotency_mismatch`, `invalid_idempotency_key`, or what `work` throws
   */
  async run<T extends object>(access: Access, request: IdempotentRequest, status: number, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    if (request.key === undefined) return withAccess(this.dataSource, access, work);
    if (request.key === '' || request.key.length > MAX_KEY_CHARS) throw new CodedError('invalid_idempotency_key');
    const hash = createHash('sha256').update(JSON.stringify([request.route, request.body])).digest('hex');
    const outcome = await this.keys.begin(access, request.key, hash);
    if (outcome.kind === 'replay') return outcome.responseBody as T;
    if (outcome.kind === 'mismatch') throw new CodedError('idempotency_mismatch');
    if (outcome.kind === 'inFlight') throw new CodedError('idempotency_in_flight', undefined, { retryAfterSeconds: 1 });
    try {
      return await withAccess(this.dataSource, access, async (manager) => {
        const answer = await work(manager);
        await this.keys.complete(manager, outcome.claim, status, answer);
        return answer;
      });
    } catch (error) {
      await this.keys.abandon(access, outcome.claim);
      throw error;
    }
  }
}
