import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The provisioner sweeps out expired idempotency keys of all tenants; it sees none that is still good, and no answer at all. */
export class PruneIdempotencyKeys1795392000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('grant select (expires_at), delete on idempotency_keys to stele_provisioner');
    await runner.query('create policy provisioner on idempotency_keys to stele_provisioner using (expires_at < now())');
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward: restore a backup, or write the next one.');
  }
}
