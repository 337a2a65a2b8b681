import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The provisioner sweeps out refresh tokens a day after they have expired (until then a late client is told that its token
 * expired, rather than that there is no such token); it sees none that is still good, and no hash at all.
 */
export class PruneRefreshTokens1795392000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index refresh_tokens_expiry on refresh_tokens (expires_at)');
    await runner.query('grant select (expires_at), delete on refresh_tokens to stele_provisioner');
    await runner.query(`create policy provisioner on refresh_tokens to stele_provisioner using (expires_at < now() - interval '1 day')`);
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward: restore a backup, or write the next one.');
  }
}
