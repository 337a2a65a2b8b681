import { newId } from '#contracts';
import type { DataSource } from 'typeorm';
import { firstRow } from '../database/sql.js';

/**
 * Starter (owner's connection only: the gateway's role cannot write `platform_role`). Creates the first platform admin
 * where none exists; null when there is one already. The email must be free.
 */
export async function ensurePlatformAdmin(
  ownerDataSource: DataSource,
  admin: { email: string; name: string; passwordHash: string },
): Promise<{ userId: string; email: string } | null> {
  return ownerDataSource.transaction(async (manager) => {
    await manager.query('lock table users in share row exclusive mode');
    if ((await firstRow(manager, `select 1 from users where platform_role = 'admin'`)) !== null) return null;
    const [userId, email] = [newId('user'), admin.email.toLowerCase()];
    await manager.query(`insert into users (id, email, name, password_hash, platform_role) values ($1, $2, $3, $4, 'admin')`, [
      userId, email, admin.name, admin.passwordHash,
    ]);
    return { userId, email };
  });
}

/** Gives a platform admin another password and revokes its sessions; false where there is no such admin. */
export async function resetPlatformAdmin(ownerDataSource: DataSource, email: string, passwordHash: string): Promise<boolean> {
  return ownerDataSource.transaction(async (manager) => {
    const found = await firstRow<{ id: string }>(manager, `select id from users where platform_role = 'admin' and email = $1 for update`, [email.toLowerCase()]);
    if (found === null) return false;
    await manager.query('update users set password_hash = $2 where id = $1', [found.id, passwordHash]);
    await manager.query('update refresh_tokens set revoked_at = now() where user_id = $1 and revoked_at is null', [found.id]);
    return true;
  });
}
