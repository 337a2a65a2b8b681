import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Who may do what, in two layers. Grants per column make one writer per column: the gateway writes what is wanted, the
 * provisioner what was seen, and secrets are readable by the provisioner alone. Row-level security, forced, makes a
 * forgotten `where` harmless: the gateway sees the rows of `stele.tenant`, `stele.user` and of chains of which that tenant
 * is a member; unset settings see nothing.
 */
export class Isolation1795392000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await settings(runner);
    await lookups(runner);
    for (const table of [
      'users', 'tenants', 'tenant_user', 'refresh_tokens', 'api_keys', 'idempotency_keys', 'install', 'data_centers', 'chains', 'chain_member',
      'chain_nodes', 'port_allocations', 'subnet_allocations', 'operations', 'operation_events', 'outbox',
    ]) {
      await runner.query(`alter table ${table} enable row level security, force row level security`);
      // Forced security binds the owner too; migrations and the look-up functions run as it and need every row.
      await runner.query(`create policy owner on ${table} to current_user using (true) with check (true)`);
    }
    await gatewayGrants(runner);
    await gatewayPolicies(runner);
    await provisionerGrants(runner);
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward: restore a backup, or write the next one.');
  }
}

/** The caller, as `withAccess` set it for the transaction; null when it is unset. */
async function settings(runner: QueryRunner): Promise<void> {
  await runner.query(`create function stele_tenant() returns text stable parallel safe language sql as $$ select nullif(current_setting('stele.tenant', true), '') $$`);
  await runner.query(`create function stele_user() returns text stable parallel safe language sql as $$ select nullif(current_setting('stele.user', true), '') $$`);
  await runner.query(`create function stele_platform() returns boolean stable parallel safe language sql as $$ select coalesce(current_setting('stele.platform', true), '') = 'on' $$`);
}

/** The only ways around row-level security: each answers one narrow question. `search_path` is fixed against look-alikes. */
async function lookups(runner: QueryRunner): Promise<void> {
  const definer = (name: string, returns: string, body: string) =>
    runner.query(`create function ${name} returns ${returns} stable security definer language sql set search_path = pg_catalog, public, pg_temp as $$ ${body} $$`);
  await definer('stele_login(text)', 'table (user_id text, password_hash text)', 'select id, password_hash from public.users where email = $1');
  await definer('stele_refresh_owner(text)', 'text', 'select user_id from public.refresh_tokens where hash = $1');
  await definer('stele_api_key(text)', 'setof public.api_keys', 'select * from public.api_keys where prefix = $1');
  // Breaks the circle of policies: who sees a member row depends on member rows.
  await definer('stele_my_chains()', 'setof text', 'select chain_id from public.chain_member where tenant_id = public.stele_tenant()');
  await definer('stele_my_fellows()', 'setof text', 'select user_id from public.tenant_user where tenant_id = public.stele_tenant()');
  await definer('stele_my_tenants()', 'setof text', 'select tenant_id from public.tenant_user where user_id = public.stele_user()');
  // A tenant adds members only to a chain that it is just creating, so that nobody lets itself into another's.
  await definer(
    'stele_may_found(text)', 'boolean',
    `select exists (select 1 from public.chains where id = $1 and created_tenant = public.stele_tenant() and status = 'pending' and observed_generation = 0)`,
  );
  for (const name of ['stele_login(text)', 'stele_refresh_owner(text)', 'stele_api_key(text)', 'stele_my_chains()', 'stele_my_fellows()', 'stele_my_tenants()', 'stele_may_found(text)']) {
    await runner.query(`revoke all on function ${name} from public`);
    await runner.query(`grant execute on function ${name} to stele_gateway`);
  }
}

async function gatewayGrants(runner: QueryRunner): Promise<void> {
  const grant = (what: string) => runner.query(`grant ${what} to stele_gateway`);
  await grant('select (id, email, name, platform_role, created_at), insert (id, email, name, password_hash), update (name, password_hash) on users');
  await grant('select, insert (id, name, slug) on tenants');
  await grant('select, insert (tenant_id, user_id, role) on tenant_user');
  await grant('select, insert (id, user_id, family, hash, expires_at), update (used_at, revoked_at) on refresh_tokens');
  await grant('select, insert (id, tenant_id, user_id, name, prefix, hash, scopes, expires_at), update (revoked_at, last_used_at) on api_keys');
  await grant('select, insert, update, delete on idempotency_keys');
  await grant('select, update (gateway_public_key) on install');
  await grant(`select (id, name, runtime, endpoint, advertise_address, port_from, port_to, subnet_pool, cordoned, created_at, status, reason, capacity, observed_at),
    insert (id, name, runtime, connection, endpoint, advertise_address, port_from, port_to, subnet_pool), update (cordoned) on data_centers`);
  await grant(`select, insert (id, name, evm_chain_id, fault_model, params, alloc, created_by, created_tenant), update (generation, deleted_wanted) on chains`);
  await grant(`select, insert (chain_id, tenant_id, position, role, name, governance_account, operations_account),
    update (founder_signature, wants_removal) on chain_member`);
  await grant(`select (id, chain_id, tenant_id, data_center_id, kind, power, wanted, generation, created_at, observed_generation, public_key, ports,
      status, reason, spec_hash, endpoints, height, volume, observed_at),
    insert (id, chain_id, tenant_id, data_center_id, kind, power), update (wanted, generation) on chain_nodes`);
  await grant('select, insert (id, tenant_id, chain_id, kind, created_by) on operations');
  await grant('select, insert (operation_id, seq, data) on operation_events');
  await grant('insert (topic, key, payload) on outbox');
}

async function gatewayPolicies(runner: QueryRunner): Promise<void> {
  const policy = (table: string, command: string, clause: string) => runner.query(`create policy gateway_${command} on ${table} for ${command} to stele_gateway ${clause}`);
  const mineOrFellow = 'id = stele_user() or id in (select stele_my_fellows())';
  await policy('users', 'select', `using (${mineOrFellow})`);
  await policy('users', 'insert', 'with check (id = stele_user() and platform_role is null)');
  await policy('users', 'update', 'using (id = stele_user()) with check (id = stele_user())');
  await policy('tenants', 'select', 'using (id = stele_tenant() or id in (select stele_my_tenants()))');
  await policy('tenants', 'insert', 'with check (id = stele_tenant())');
  await policy('tenant_user', 'select', 'using (tenant_id = stele_tenant() or user_id = stele_user())');
  await policy('tenant_user', 'insert', 'with check (tenant_id = stele_tenant())');
  await policy('refresh_tokens', 'all', 'using (user_id = stele_user()) with check (user_id = stele_user())');
  await policy('api_keys', 'all', 'using (tenant_id = stele_tenant()) with check (tenant_id = stele_tenant())');
  await policy('idempotency_keys', 'all', `using (scope = stele_tenant() or (stele_platform() and scope = stele_user()))
    with check (scope = stele_tenant() or (stele_platform() and scope = stele_user()))`);
  await policy('install', 'select', 'using (true)');
  await policy('install', 'update', 'using (true) with check (true)');
  await policy('data_centers', 'select', 'using (true)');
  await policy('data_centers', 'insert', 'with check (stele_platform())');
  await policy('data_centers', 'update', 'using (stele_platform()) with check (stele_platform())');
  await policy('chains', 'select', 'using (id in (select stele_my_chains()))');
  await policy('chains', 'insert', 'with check (created_tenant = stele_tenant() and created_by = stele_user())');
  await policy('chains', 'update', 'using (id in (select stele_my_chains())) with check (id in (select stele_my_chains()))');
  await policy('chain_member', 'select', 'using (chain_id in (select stele_my_chains()))');
  await policy('chain_member', 'insert', 'with check (stele_may_found(chain_id))');
  await policy('chain_member', 'update', 'using (chain_id in (select stele_my_chains())) with check (chain_id in (select stele_my_chains()))');
  await policy('chain_nodes', 'select', 'using (chain_id in (select stele_my_chains()))');
  await policy('chain_nodes', 'insert', 'with check (tenant_id = stele_tenant() and chain_id in (select stele_my_chains()))');
  await policy('chain_nodes', 'update', 'using (tenant_id = stele_tenant()) with check (tenant_id = stele_tenant())');
  const seen = 'tenant_id = stele_tenant() or chain_id in (select stele_my_chains())';
  await policy('operations', 'select', `using (${seen})`);
  await policy('operations', 'insert', 'with check (tenant_id = stele_tenant() and created_by = stele_user() and (chain_id is null or chain_id in (select stele_my_chains())))');
  // Follows the policy of operations, as the subquery is bound by it.
  await policy('operation_events', 'select', 'using (exists (select 1 from operations o where o.id = operation_id))');
  await policy('operation_events', 'insert', 'with check (exists (select 1 from operations o where o.id = operation_id and o.tenant_id = stele_tenant()))');
  await policy('outbox', 'insert', 'with check (sent_at is null)');
}

/** The provisioner works for all tenants, so its rows are not narrowed; its columns are. It sees no user, token or key. */
async function provisionerGrants(runner: QueryRunner): Promise<void> {
  const grant = (what: string) => runner.query(`grant ${what} to stele_provisioner`);
  await grant('select, update (provisioner_public_key) on install');
  await grant('select, update (status, reason, capacity, observed_at) on data_centers');
  await grant(`select, update (status, reason, observed_generation, genesis_hash, genesis_file, running_at, observed_at, lease_owner, lease_epoch, lease_until) on chains`);
  await grant('select on chain_member');
  await grant(`select, update (observed_generation, public_key, ports, enrol_secret_enc, status, reason, spec_hash, endpoints, height, volume, observed_at) on chain_nodes`);
  await grant('select, insert, delete on port_allocations');
  await grant('select, insert, delete on subnet_allocations');
  await grant('select, update (status, steps, error, ended_at) on operations');
  await grant('select, insert (operation_id, seq, data) on operation_events');
  await grant('select, insert (topic, key, payload), update (sent_at), delete on outbox');
  for (const table of ['install', 'data_centers', 'chains', 'chain_member', 'chain_nodes', 'port_allocations', 'subnet_allocations', 'operations', 'operation_events', 'outbox']) {
    await runner.query(`create policy provisioner on ${table} to stele_provisioner using (true) with check (true)`);
  }
}
