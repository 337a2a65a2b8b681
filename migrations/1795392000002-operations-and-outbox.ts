import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Operations with their event stream, and the outbox. */
export class OperationsAndOutbox1795392000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table operations (
      id text primary key check (id like 'op\\_%'),
      tenant_id text not null references tenants,
      chain_id text references chains,
      kind text not null check (kind in ('createChain', 'deleteChain', 'removeMemberNodes')),
      created_by text not null references users,
      created_at timestamptz not null default now(),
      status text not null default 'pending' check (status in ('pending', 'running', 'succeeded', 'failed', 'cancelled')),
      steps jsonb not null default '[]' check (jsonb_typeof(steps) = 'array'),
      error jsonb,
      ended_at timestamptz,
      check ((ended_at is not null) = (status in ('succeeded', 'failed', 'cancelled')))
    )`);
    await runner.query('create index operations_tenant on operations (tenant_id, id)');
    await runner.query('create index operations_chain on operations (chain_id, id)');
    await runner.query(`create table operation_events (
      operation_id text not null references operations,
      seq int not null check (seq >= 1),
      at timestamptz not null default clock_timestamp(),
      data jsonb not null,
      primary key (operation_id, seq)
    )`);
    await runner.query(`create table outbox (
      id bigint generated always as identity primary key,
      topic text not null,
      key text not null,
      payload jsonb not null default '{}',
      created_at timestamptz not null default now(),
      sent_at timestamptz
    )`);
    await runner.query('create index outbox_unsent on outbox (id) where sent_at is null');
    await runner.query('create index outbox_sent on outbox (sent_at) where sent_at is not null');
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward: restore a backup, or write the next one.');
  }
}
