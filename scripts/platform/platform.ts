import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openStores, type Stores } from '#persistence';
import { SteleClient } from '#sdk';
import { checkForced, chooseRuntime, runtimeOfSites, type RuntimeChoice } from './choose-runtime.js';
import { ensureFirstAdmin, shown, type FirstAdmin } from './first-admin.js';
import { waitForChains } from './coming-back.js';
import { freePort } from './free-port.js';
import { startProgram, type Program } from './program.js';
import { knownSites, removeEverything, siteRuntimes, type KnownSite } from './runtimes.js';

export const LOCAL_DATA_CENTER = 'local';

export interface PlatformOptions {
  home: string;
  env: NodeJS.ProcessEnv;
  /** Take any free port for the gateway where the wanted one is taken (the demo, tests). */
  anyPort?: boolean;
  /** Data centers to register on an empty installation, instead of one on the chosen runtime. */
  dataCenters?: Record<string, unknown>[];
  say?: (detail: string) => void;
  /** Ends a start that is under way: what it has started is stopped before the start fails. */
  signal?: AbortSignal;
  /** Everything, data included, goes again if the start fails (the demo). */
  temporary?: boolean;
}

export interface Platform {
  readonly url: string;
  readonly home: string;
  /** Name of the data center that an empty installation got. */
  readonly dataCenter: string;
  readonly choices: { runtime: RuntimeChoice; database: { kind: string; why: string }; queue: { kind: string; why: string } };
  /** How to log in for the first time, until `adminShown`. */
  readonly firstAdmin: FirstAdmin | undefined;
  adminShown(): void;
  /** Waits, up to a bound, for the nodes of chains that were running before; answers a line for each chain that lacks some. */
  chainsBack(say: (detail: string) => void): Promise<string[]>;
  /** What was chosen and why, a line each. */
  explain(): string[];
  program(name: 'gateway' | 'provisioner'): Program;
  /** Kills one node with SIGKILL, past the platform. */
  killNode(nodeId: string): Promise<void>;
  /** Stops gateway, provisioner, nodes and stores; the chains' data stays, unless `removeData`. */
  stop(options?: { removeData?: boolean }): Promise<void>;
}

const ISOLATES_NOTHING = 'child processes isolate nothing: every node can read the files of every other. For trying things out only.';

/** The compiled program: beside this file when it is compiled itself, below `dist/` when it runs from its source, as tests do. */
function programFile(name: string): string {
  const tail = join('apps', name, 'src', 'main.js');
  const root = resolve(__dirname, '..', '..');
  const built = [join(root, tail), join(root, 'dist', tail)].find((file) => existsSync(file));
  if (built === undefined) throw new Error(`The ${name} is not compiled: run \`npm run build\` first.`);
  return built;
}

/** Starts the whole platform under one home folder, and waits until it answers. What was started is stopped again if a step fails. */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { signal } = options;
  const since = new Date();
  const say = (detail: string): void => {
    if (signal?.aborted !== true) options.say?.(detail);
  };
  const home = resolve(options.home);
  makeHome(home);
  const wantedPort = portOf(options.env);
  await checkForced(options.env);
  say('opening the stores');
  const stores = await openStores(options.env, home);
  const programs: Program[] = [];
  const stopAll = async (removeData: boolean): Promise<void> => {
    await Promise.all(programs.map((program) => program.stop()));
    if (removeData) await removeEverything(await siteRuntimes(stores.urls.owner, home));
    await (removeData ? stores.destroy() : stores.stop());
  };
  try {
    signal?.throwIfAborted();
    const port = await freePort(wantedPort, options.anyPort === true ? 'any' : 'refuse');
    const sites = await knownSites(stores.urls.owner);
    const runtime = sites.length === 0 ? await chooseRuntime(options.env) : await runtimeOfSites(sites, options.env);
    const giveUp = new AbortController();
    signal?.addEventListener('abort', () => giveUp.abort(signal.reason), { once: true });
    const start = async (name: 'gateway' | 'provisioner', env: NodeJS.ProcessEnv): Promise<void> => {
      const program = await startProgram({
        name,
        file: programFile(name),
        env: { ...options.env, STELE_HOME: home, STELE_QUEUE: JSON.stringify(stores.queue), STELE_RUNTIME: runtime.kind, ...env },
        logFolder: join(home, 'logs'),
        giveUp: giveUp.signal,
      });
      programs.push(program);
    };
    say('starting gateway and provisioner');
    const firstAdmin = await ensureFirstAdmin(stores.urls.owner, home);
    signal?.throwIfAborted();
    // Both at once: the provisioner is ready only when the gateway has published its key.
    await allOrNone(giveUp, [
      start('gateway', { STELE_DATABASE_URL: stores.urls.gateway, PORT: String(port) }),
      start('provisioner', { STELE_DATABASE_URL: stores.urls.provisioner, STELE_STOP_NODES: '1' }),
    ]);
    const [gateway, provisioner] = ['gateway', 'provisioner'].map((name) => programs.find((program) => program.name === name)) as [Program, Program];
    const url = String(gateway.ready['url'] ?? `http://127.0.0.1:${port}`);
    signal?.throwIfAborted();
    if (firstAdmin !== undefined) {
      say('registering the data center');
      await registerDataCenters(url, firstAdmin, options.dataCenters ?? [localDataCenter(runtime)], say, signal);
    }
    return assemble({ since, signal, sites, home, url, runtime, stores, firstAdmin, gateway, provisioner, stopAll });
  } catch (error) {
    await stopAll(options.temporary === true);
    throw error;
  }
}

function makeHome(home: string): void {
  try {
    mkdirSync(join(home, 'logs'), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Error(`STELE_HOME is ${home}, where no folder can be made (${error instanceof Error ? error.message : String(error)}). Name a folder that may be written.`, { cause: error });
  }
}

function portOf(env: NodeJS.ProcessEnv): number {
  const port = Number(env['PORT'] ?? 7300);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`PORT=${env['PORT'] ?? ''} is no port: set it to a number from 1 to 65535, or leave it out for 7300.`);
  return port;
}

/** The first failure ends the other starts as well, and is thrown when they have ended: none is left behind. */
async function allOrNone(giveUp: AbortController, starts: readonly Promise<void>[]): Promise<void> {
  await Promise.all(starts.map((start) => start.catch((error: unknown) => giveUp.abort(error))));
  if (giveUp.signal.aborted) throw giveUp.signal.reason;
}

/** Subnets are drawn by lot, once per installation: two installations may share one engine, and subnets there may not overlap. */
function localDataCenter(runtime: RuntimeChoice): Record<string, unknown> {
  const subnetPool = `10.${randomInt(64, 251)}.0.0/16`;
  return { name: LOCAL_DATA_CENTER, runtime: runtime.kind, connection: runtime.kind === 'docker' ? { socketPath: runtime.socketPath } : {}, subnetPool };
}

/** Registers them as the first admin and waits until the provisioner has found each ready. */
async function registerDataCenters(url: string, admin: FirstAdmin, bodies: Record<string, unknown>[], say: (detail: string) => void, signal: AbortSignal | undefined): Promise<void> {
  const anonymous = new SteleClient({ url });
  const { accessToken } = await anonymous.logIn(admin.email, admin.password);
  const client = anonymous.as({ accessToken });
  // A start that was interrupted may have registered some.
  const known = new Set((await client.dataCenters()).data.map(({ name }) => name));
  for (const body of bodies) if (!known.has(String(body['name']))) await client.createDataCenter(body);
  const deadline = Date.now() + 120_000;
  for (;;) {
    signal?.throwIfAborted();
    const { data } = await client.dataCenters();
    const waiting = data.filter((one) => one.status !== 'ready');
    const refused = waiting.find((one) => one.status === 'refused');
    if (waiting.length === 0) return;
    if (refused !== undefined || Date.now() > deadline) {
      throw new Error(`data center ${(refused ?? waiting[0])?.name ?? ''} is not ready: ${(refused ?? waiting[0])?.status ?? ''}. The provisioner's log says why.`);
    }
    say(`waiting for data center ${waiting.map((one) => one.name).join(', ')}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

function assemble(parts: {
  since: Date; signal: AbortSignal | undefined; sites: readonly KnownSite[]; home: string; url: string; runtime: RuntimeChoice; stores: Stores; firstAdmin: FirstAdmin | undefined;
  gateway: Program; provisioner: Program; stopAll: (removeData: boolean) => Promise<void>;
}): Platform {
  const { runtime, stores } = parts;
  let stopped: Promise<void> | undefined;
  return {
    url: parts.url,
    home: parts.home,
    dataCenter: LOCAL_DATA_CENTER,
    firstAdmin: parts.firstAdmin,
    adminShown: () => shown(parts.home),
    choices: { runtime, database: stores.choices.database, queue: stores.choices.queue },
    chainsBack: (say) => waitForChains(stores.urls.owner, parts.since, say, parts.signal),
    explain: () => [
      `database   ${stores.choices.database.kind}: ${stores.choices.database.why}`,
      ...(stores.setAside === undefined ? [] : [`           SET ASIDE: this home is new, so the data of its predecessor were moved to ${stores.setAside}`, `           (nothing reads them any more; to delete them: rm -r ${stores.setAside})`]),
      `queue      ${stores.choices.queue.kind}: ${stores.choices.queue.why}`,
      `runtime    ${runtime.kind}: ${runtime.why}`,
      ...(runtime.kind === 'process' || parts.sites.some((site) => site.runtime === 'process') ? [`           ${ISOLATES_NOTHING}`] : []),
      ...(runtime.warning === undefined ? [] : [`           ${runtime.warning}`]),
    ],
    program: (name) => (name === 'gateway' ? parts.gateway : parts.provisioner),
    async killNode(nodeId) {
      for (const { runtime, kill } of await siteRuntimes(stores.urls.owner, parts.home)) {
        if ((await runtime.get(nodeId)).state === 'running') return kill(nodeId);
      }
      throw new Error(`node ${nodeId} runs in no data center`);
    },
    stop(options = {}) {
      stopped ??= parts.stopAll(options.removeData === true);
      return stopped;
    },
  };
}
