import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What is known of the contracts on a chain. Every member of the chain sees them, as it sees the code itself; only the tenant that
 * prepared or verified one changes it. The provisioner has no business here.
 */
export class Contracts1795392000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table contracts (
      id text primary key check (id like 'ctr\\_%'),
      chain_id text not null references chains,
      tenant_id text not null references tenants,
      created_by text not null references users,
      name text not null check (length(name) between 1 and 400),
      status text not null default 'prepared' check (status in ('prepared', 'sent', 'deployed', 'failed')),
      reason text check (length(reason) <= 2000),
      abi jsonb not null,
      creation_code text check (creation_code ~ '^0x([0-9a-f]{2})+$'),
      source jsonb,
      address text check (address ~ '^0x[0-9a-f]{40}$'),
      transaction_hash text check (transaction_hash ~ '^0x[0-9a-f]{64}$'),
      block_number bigint check (block_number between 0 and 9007199254740991),
      verification text check (verification in ('exact', 'partial')),
      created_at timestamptz not null default now(),
      check (status <> 'deployed' or address is not null),
      check (status <> 'sent' or transaction_hash is not null),
      check (verification is null or source is not null)
    )`);
    await runner.query('create unique index contracts_address on contracts (chain_id, tenant_id, address) where address is not null');
    await runner.query('create index contracts_chain on contracts (chain_id, id)');
    await runner.query('alter table contracts enable row level security, force row level security');
    await runner.query('create policy owner on contracts to current_user using (true) with check (true)');
    await runner.query(`grant select, insert (id, chain_id, tenant_id, created_by, name, status, abi, creation_code, source, address, block_number, verification),
      update (status, reason, name, abi, source, address, transaction_hash, block_number, verification), delete on contracts to stele_gateway`);
    const policy = (command: string, clause: string) => runner.query(`create policy gateway_${command} on contracts for ${command} to stele_gateway ${clause}`);
    const own = 'tenant_id = stele_tenant() and chain_id in (select stele_my_chains())';
    await policy('select', 'using (chain_id in (select stele_my_chains()))');
    await policy('insert', `with check (${own} and created_by = stele_user())`);
    await policy('update', `using (${own}) with check (${own})`);
    // What was prepared and never signed may go again; what stands on a chain stays known.
    await policy('delete', `using (${own} and status = 'prepared')`);
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward: restore a backup, or write the next one.');
  }
}
