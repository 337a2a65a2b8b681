import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { CreateTenantResponse, SessionView, TenantRole } from '#contracts';
import { ensurePlatformAdmin } from '#persistence';
import { startTestStores, type TestDatabase, type TestStores } from '../../../libs/persistence/testing/index.js';
import { hashPassword } from '../src/auth/passwords.js';
import { createGateway, type Gateway } from '../src/gateway.js';

export const PASSWORD = 'correct horse battery';

export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
}

export interface Person {
  tenantId: string;
  userId: string;
  email: string;
  token: string;
}

export interface CallOptions {
  as?: Person | string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** A whole gateway over a real PostgreSQL and real HTTP, with people to call it. */
export class TestGateway {
  private count = 0;

  private constructor(
    readonly stores: TestStores,
    readonly database: TestDatabase,
    readonly gateway: Gateway,
    readonly url: string,
    readonly home: string,
  ) {}

  static async start(onRoute?: (route: { method: string | string[]; url: string }) => void): Promise<TestGateway> {
    const stores = await startTestStores();
    const database = await stores.database();
    const home = await mkdtemp(join(tmpdir(), 'stele-gateway-'));
    const settings = { home, databaseUrl: database.urls.gateway, host: '127.0.0.1', port: 0, logLevel: 'silent', corsOrigins: [], trustedProxies: [], solcFolder: null };
    const level = process.env['TEST_LOG_LEVEL'] ?? 'silent';
    const gateway = await createGateway(settings, pino({ level }, pino.destination(2)), onRoute);
    return new TestGateway(stores, database, gateway, await gateway.listen(), home);
  }

  async stop(): Promise<void> {
    await this.gateway.close();
    await this.stores.stop();
    await rm(this.home, { recursive: true, force: true });
  }

  async call<T = Record<string, unknown>>(method: string, path: string, options: CallOptions = {}): Promise<Answer<T>> {
    const { as, body, headers } = options;
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(as === undefined ? {} : { authorization: `Bearer ${typeof as === 'string' ? as : as.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: (text === '' ? null : JSON.parse(text)) as T };
  }

  async logIn(email: string): Promise<SessionView> {
    const { status, body } = await this.call<SessionView>('POST', '/v1/sessions', { body: { email, password: PASSWORD } });
    if (status !== 201) throw new Error(`log-in answered ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** A new tenant with its owner, logged in. */
  async tenant(): Promise<Person> {
    const email = `owner${++this.count}@example.org`;
    const made = await this.call<CreateTenantResponse>('POST', '/v1/tenants', { body: { name: `Tenant ${this.count}`, owner: { email, password: PASSWORD, name: 'Owner' } } });
    if (made.status !== 201) throw new Error(`registration answered ${made.status} ${JSON.stringify(made.body)}`);
    return { tenantId: made.body.tenant.id, userId: made.body.user.id, email, token: (await this.logIn(email)).accessToken };
  }

  /** Another person in that tenant. Invitations come later, so the membership is written by the database's owner. */
  async colleague(of: Person, role: TenantRole): Promise<Person> {
    const other = await this.tenant();
    await this.database.owner.query('delete from tenant_user where user_id = $1', [other.userId]);
    await this.database.owner.query('insert into tenant_user (tenant_id, user_id, role) values ($1, $2, $3)', [of.tenantId, other.userId, role]);
    return { ...other, tenantId: of.tenantId };
  }

  async platformAdmin(): Promise<Person> {
    const admin = await ensurePlatformAdmin(this.database.owner, { email: 'root@example.org', name: 'Root', passwordHash: await hashPassword(PASSWORD) });
    if (admin === null) throw new Error('there is a platform admin already');
    return { tenantId: '', userId: admin.userId, email: admin.email, token: (await this.logIn(admin.email)).accessToken };
  }

  async apiKey(of: Person, scopes: string[]): Promise<string> {
    return (await this.call<{ key: string }>('POST', '/v1/api-keys', { as: of, body: { name: 'key', scopes } })).body.key;
  }
}

export const account = (digit: string): string => `0x${digit.repeat(40)}`;

export function chainBody(dataCenter: string, count = 4): Record<string, unknown> {
  return {
    name: 'Deliveries',
    members: [{ name: 'Aster', governanceAccount: account('a'), operationsAccount: account('b') }],
    nodes: [{ dataCenter, count }],
  };
}
