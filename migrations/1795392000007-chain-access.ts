import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whose accounts may transact on a chain from its genesis on: wanted, like the rest of what genesis is made of. */
export class ChainAccess1795392000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table chains add column access text not null default 'open' check (access in ('open', 'members'))`);
    await runner.query('grant insert (access) on chains to stele_gateway');
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward: restore a backup, or write the next one.');
  }
}
