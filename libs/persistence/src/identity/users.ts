import type { EntityManager } from 'typeorm';
import { firstRow } from '../database/sql.js';
import { UserEntity, type UserRecord } from './user.entity.js';

/** Gateway. People; a caller sees itself and those who share the tenant that it acts for. */
export class Users {
  constructor(private readonly manager: EntityManager) {}

  /**
   * What log-in needs, before anybody is known: works without any access (a SECURITY DEFINER function that answers by
   * exact email only). No other way leads to a password hash.
   */
  async findForLogin(email: string): Promise<{ userId: string; passwordHash: string } | null> {
    const row = await firstRow<{ user_id: string; password_hash: string }>(this.manager, 'select * from stele_login($1)', [email.toLowerCase()]);
    return row === null ? null : { userId: row.user_id, passwordHash: row.password_hash };
  }

  /** In `withUser`, `withTenant` or `withPlatform`. */
  async get(userId: string): Promise<UserRecord | null> {
    return this.manager.findOneBy(UserEntity, { id: userId });
  }

  /** Stores a new password hash of the caller itself (`withUser`). */
  async setPasswordHash(userId: string, passwordHash: string): Promise<void> {
    await this.manager.query('update users set password_hash = $2 where id = $1', [userId, passwordHash]);
  }
}
