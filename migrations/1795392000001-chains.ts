import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Data centers, chains, members, nodes, and what is allotted to them. */
export class Chains1795392000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table data_centers (
      id text primary key check (id like 'dc\\_%'),
      name text not null constraint data_centers_name_key unique check (length(name) between 1 and 80),
      runtime text not null check (runtime in ('docker', 'process', 'swarm')),
      connection jsonb not null default '{}' check (jsonb_typeof(connection) = 'object'),
      endpoint text not null,
      advertise_address text not null,
      port_from int not null check (port_from between 1 and 65535),
      port_to int not null check (port_to between 1 and 65535),
      subnet_pool cidr not null check (family(subnet_pool) = 4),
      cordoned boolean not null default false,
      created_at timestamptz not null default now(),
      status text not null default 'pending' check (status in ('pending', 'ready', 'unreachable', 'refused')),
      reason text,
      capacity jsonb,
      observed_at timestamptz,
      check (port_from <= port_to)
    )`);
    await runner.query(`create table chains (
      id text primary key check (id like 'chn\\_%'),
      name text not null check (length(name) between 1 and 80),
      evm_chain_id bigint not null unique check (evm_chain_id between 1 and 9007199254740991),
      fault_model text not null check (fault_model in ('BFT', 'CFT')),
      params jsonb not null default '{}' check (jsonb_typeof(params) = 'object'),
      alloc jsonb not null default '[]' check (jsonb_typeof(alloc) = 'array'),
      generation int not null default 1 check (generation >= 1),
      deleted_wanted boolean not null default false,
      created_by text not null references users,
      created_tenant text not null references tenants,
      created_at timestamptz not null default now(),
      status text not null default 'pending'
        check (status in ('pending', 'provisioning', 'awaitingFounders', 'starting', 'running', 'deleting', 'deleted', 'failed')),
      reason text,
      observed_generation int not null default 0,
      genesis_hash text unique check (genesis_hash ~ '^0x[0-9a-f]{64}$'),
      genesis_file jsonb,
      running_at timestamptz,
      observed_at timestamptz,
      lease_owner text,
      lease_epoch int not null default 0,
      lease_until timestamptz,
      check (observed_generation <= generation),
      check ((genesis_hash is null) = (genesis_file is null))
    )`);
    await runner.query(`create index chains_live on chains (id) where status <> 'deleted'`);
    await runner.query(`create table chain_member (
      chain_id text not null references chains,
      tenant_id text not null references tenants,
      position int not null check (position >= 0),
      role text not null check (role in ('founder', 'member')),
      name text not null check (length(name) between 1 and 80),
      governance_account text not null check (governance_account ~ '^0x[0-9a-f]{40}$'),
      operations_account text not null check (operations_account ~ '^0x[0-9a-f]{40}$'),
      founder_signature text check (founder_signature ~ '^0x[0-9a-fA-F]{130}$'),
      wants_removal boolean not null default false,
      created_at timestamptz not null default now(),
      primary key (chain_id, tenant_id),
      unique (chain_id, position),
      constraint chain_member_governance_key unique (chain_id, governance_account),
      constraint chain_member_operations_key unique (chain_id, operations_account)
    )`);
    await runner.query('create index chain_member_tenant on chain_member (tenant_id, chain_id)');
    await runner.query(`create table chain_nodes (
      id text primary key check (id like 'nod\\_%'),
      chain_id text not null,
      tenant_id text not null,
      data_center_id text not null references data_centers,
      kind text not null check (kind in ('validator', 'observer')),
      power int not null check ((kind = 'validator') = (power > 0) and power between 0 and 1000000),
      wanted text not null default 'running' check (wanted in ('running', 'removed')),
      generation int not null default 1 check (generation >= 1),
      created_at timestamptz not null default now(),
      observed_generation int not null default 0,
      public_key text check (public_key ~ '^0x[0-9a-f]{64}$'),
      ports jsonb,
      enrol_secret_enc text,
      status text not null default 'pending' check (status in ('pending', 'created', 'running', 'exited', 'missing', 'removed', 'failed')),
      reason text,
      spec_hash text,
      endpoints jsonb,
      height bigint check (height between 0 and 9007199254740991),
      volume text,
      observed_at timestamptz,
      check (observed_generation <= generation),
      unique (chain_id, public_key),
      foreign key (chain_id, tenant_id) references chain_member (chain_id, tenant_id)
    )`);
    await runner.query('create index chain_nodes_data_center on chain_nodes (data_center_id)');
    await runner.query(`create table port_allocations (
      advertise_address text not null,
      port int not null check (port between 1 and 65535),
      data_center_id text not null references data_centers,
      node_id text not null references chain_nodes,
      purpose text not null check (purpose in ('peer', 'control', 'rpc')),
      primary key (advertise_address, port),
      unique (node_id, purpose)
    )`);
    await runner.query(`create table subnet_allocations (
      subnet cidr primary key,
      data_center_id text not null references data_centers,
      chain_id text not null references chains,
      unique (chain_id, data_center_id),
      exclude using gist (subnet inet_ops with &&)
    )`);
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward: restore a backup, or write the next one.');
  }
}
