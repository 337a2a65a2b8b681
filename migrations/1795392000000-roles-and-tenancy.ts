import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Roles, people, tenants, tokens. The roles are made here without a password where set-up has not made them, so that the
 * grants below have somebody to go to; set-up lets them log in.
 */
export class RolesAndTenancy1795392000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const role of ['stele_gateway', 'stele_provisioner', 'stele_queue']) {
      await runner.query(`do $$ begin
        if not exists (select 1 from pg_roles where rolname = '${role}') then
          create role ${role} nologin nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
        end if;
      end $$`);
    }
    await runner.query('revoke create on schema public from public');
    await runner.query('grant usage on schema public to stele_gateway, stele_provisioner');
    await runner.query(`create table users (
      id text primary key check (id like 'usr\\_%'),
      email text not null constraint users_email_key unique check (email = lower(email) and length(email) between 3 and 254),
      name text not null check (length(name) between 1 and 80),
      password_hash text not null,
      platform_role text check (platform_role in ('admin', 'operator')),
      created_at timestamptz not null default now()
    )`);
    await runner.query(`create table tenants (
      id text primary key check (id like 'ten\\_%'),
      name text not null check (length(name) between 1 and 80),
      slug text not null constraint tenants_slug_key unique check (slug ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'),
      created_at timestamptz not null default now()
    )`);
    await runner.query(`create table tenant_user (
      tenant_id text not null references tenants,
      user_id text not null references users,
      role text not null check (role in ('owner', 'admin', 'developer', 'auditor')),
      created_at timestamptz not null default now(),
      primary key (tenant_id, user_id)
    )`);
    await runner.query('create index tenant_user_user on tenant_user (user_id)');
    await runner.query(`create table refresh_tokens (
      id text primary key check (id like 'rft\\_%'),
      user_id text not null references users,
      family text not null check (family like 'fam\\_%'),
      hash text not null unique check (length(hash) between 32 and 128),
      expires_at timestamptz not null,
      used_at timestamptz,
      revoked_at timestamptz,
      created_at timestamptz not null default now()
    )`);
    await runner.query('create index refresh_tokens_family on refresh_tokens (family)');
    await runner.query('create index refresh_tokens_user on refresh_tokens (user_id)');
    await runner.query(`create table api_keys (
      id text primary key check (id like 'key\\_%'),
      tenant_id text not null,
      user_id text not null,
      name text not null check (length(name) between 1 and 80),
      prefix text not null unique check (length(prefix) between 6 and 40),
      hash text not null check (length(hash) between 32 and 128),
      scopes text[] not null,
      expires_at timestamptz not null,
      created_at timestamptz not null default now(),
      revoked_at timestamptz,
      last_used_at timestamptz,
      foreign key (tenant_id, user_id) references tenant_user (tenant_id, user_id)
    )`);
    await runner.query('create index api_keys_tenant on api_keys (tenant_id, id)');
    await runner.query(`create table idempotency_keys (
      scope text not null,
      key text not null check (length(key) between 1 and 255),
      request_hash text not null,
      status text not null default 'inFlight' check (status in ('inFlight', 'done')),
      claim_id uuid not null,
      response_code int,
      response_body jsonb,
      created_at timestamptz not null default now(),
      claimed_at timestamptz not null default now(),
      expires_at timestamptz not null,
      primary key (scope, key),
      check ((status = 'done') = (response_code is not null))
    )`);
    await runner.query('create index idempotency_keys_expiry on idempotency_keys (expires_at)');
    await runner.query(`create table install (
      only_row boolean primary key default true check (only_row),
      install_id text not null check (install_id like 'ins\\_%'),
      gateway_public_key text check (gateway_public_key ~ '^0x[0-9a-f]{64}$'),
      provisioner_public_key text check (provisioner_public_key ~ '^0x[0-9a-f]{64}$'),
      created_at timestamptz not null default now()
    )`);
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward: restore a backup, or write the next one.');
  }
}
