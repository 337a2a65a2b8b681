/** What the end-to-end tests share: a platform under a folder of its own, tenants, founders, waits with deadlines. */
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { isOperationOver, type CreateChainInput, type OperationView } from '#contracts';
import { readServerSentEvents, SteleClient } from '#sdk';
import type { Founder } from '../../scripts/demo/founding.js';
import { LOCAL_DATA_CENTER, startPlatform, type Platform, type PlatformOptions } from '../../scripts/platform/platform.js';

/** For one test; a platform start, a chain or a catch-up on a busy machine takes a small part of it. */
export const TEST_TIMEOUT_MS = 120_000;
const SHOW_FROM_MS = 1000;

export const makeHome = (): string => mkdtempSync(join(tmpdir(), 'stele-e2e-'));
/** `STELE_E2E_KEEP=1` leaves the folder, with the logs of programs and containers in it. */
export const keepsLogs = (): boolean => process.env['STELE_E2E_KEEP'] === '1';

export function removeHome(home: string): void {
  if (keepsLogs()) process.stderr.write(`      kept: ${home}\n`);
  else rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** The stores are always the embedded ones: what the caller's environment says about others is left out. Any port, since platforms of several tests start at the same time. */
export function testEnvironment(more: Record<string, string>): NodeJS.ProcessEnv {
  const { DATABASE_URL: _database, REDIS_URL: _redis, DOCKER_HOST: _engine, PORT: _port, ...rest } = process.env;
  return { ...rest, NODE_ENV: 'test', PORT: '0', STELE_LOG_LEVEL: process.env['STELE_LOG_LEVEL'] ?? 'info', ...more };
}

export const startTestPlatform = (options: PlatformOptions): Promise<Platform> =>
  timed('platform start', async () => {
    const platform = await startPlatform({ anyPort: true, ...withPorts(options) });
    // Whoever starts it has the password now, as a person who reads the first start's output does.
    platform.adminShown();
    return platform;
  });

const PORTS_PER_PLATFORM = 200;

/** Platforms of several tests run side by side on one machine: each draws ports of its own by lot, below those that the system gives out itself. */
function withPorts(options: PlatformOptions): PlatformOptions {
  if (options.env['STELE_RUNTIME'] !== 'process') return options;
  const sites = options.dataCenters ?? [{ name: LOCAL_DATA_CENTER, runtime: 'process' }];
  const dataCenters = sites.map((site) => {
    const portFrom = 10_000 + PORTS_PER_PLATFORM * randomInt(0, 54);
    return { portFrom, portTo: portFrom + PORTS_PER_PLATFORM - 1, ...site };
  });
  return { ...options, dataCenters };
}

/** Prints what took long. */
export async function timed<T>(what: string, run: () => Promise<T>): Promise<T> {
  const started = performance.now();
  try {
    return await run();
  } finally {
    const ms = performance.now() - started;
    if (ms >= SHOW_FROM_MS) process.stderr.write(`      ${what}: ${(ms / 1000).toFixed(1)} s\n`);
  }
}

/** Asks until the answer is neither undefined nor an error. @throws Error with what was last seen, after `withinMs`. */
export async function eventually<T>(what: string, ask: () => T | undefined | Promise<T | undefined>, withinMs = 90_000): Promise<T> {
  const end = performance.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`${what}: not within ${withinMs / 1000} s`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A tenant with its owner, as its API key with every scope. */
export async function registerTenant(url: string, name: string): Promise<SteleClient> {
  const anonymous = new SteleClient({ url });
  const owner = { email: `owner-${crypto.randomUUID()}@example.com`, password: crypto.randomUUID(), name: 'Owner' };
  await anonymous.registerTenant({ name, owner });
  const { accessToken } = await anonymous.logIn(owner.email, owner.password);
  const { key } = await anonymous.as({ accessToken }).createApiKey({ name: 'e2e', scopes: ['chains:read', 'chains:write', 'rpc'] });
  return anonymous.as({ apiKey: key });
}

/** The same tenant on another gateway. */
export function movedTo(url: string, client: SteleClient): SteleClient {
  return new SteleClient({ url, credentials: { apiKey: String(client.authorization()['authorization']).replace(/^Bearer /, '') } });
}

export const newFounder = (name: string): Founder => ({ name, governance: privateKeyToAccount(generatePrivateKey()), operations: privateKeyToAccount(generatePrivateKey()) });

export function chainRequest(founder: Founder, placements: { dataCenter: string; count: number }[]): CreateChainInput {
  return {
    name: `${founder.name} deliveries`,
    members: [{ name: founder.name, governanceAccount: founder.governance.address, operationsAccount: founder.operations.address }],
    nodes: placements.map((placement) => ({ ...placement, kind: 'validator' as const })),
  };
}

/** Follows an operation to its end. @throws Error where it did not succeed. */
export async function succeeded(client: SteleClient, operationId: string): Promise<OperationView> {
  const operation = await client.followOperation(operationId, () => undefined, TEST_TIMEOUT_MS);
  if (operation.status !== 'succeeded') throw new Error(`operation ${operation.kind} ${operation.status}: ${operation.error?.message ?? ''} ${JSON.stringify(operation.steps)}`);
  return operation;
}

/** Every event of an operation in order, each with the operation as it was then, also when this reader lags behind. */
export async function* operationEvents(client: SteleClient, url: string, operationId: string): AsyncGenerator<OperationView> {
  const response = await fetch(`${url}/v1/operations/${operationId}/events`, { headers: client.authorization(), signal: AbortSignal.timeout(TEST_TIMEOUT_MS) });
  if (!response.ok || response.body === null) throw new Error(`the event stream answered ${response.status}`);
  for await (const { data } of readServerSentEvents(response.body)) {
    const operation = JSON.parse(data) as OperationView;
    yield operation;
    if (isOperationOver(operation.status)) return;
  }
}

/** Whether the operation has come to the step called `name`, or past it. */
export function hasReached(operation: OperationView, name: string): boolean {
  const index = operation.steps.findIndex((step) => step.name === name);
  return index >= 0 && operation.steps.slice(index).some((step) => step.status !== 'pending');
}
