/**
 * A real PostgreSQL server of our own, for machines without one. It runs detached, so that Ctrl-C reaches only the program
 * that started it, which then stops it in order. One program at a time owns it; when that was killed, the next one adopts
 * the server that still runs.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Client } from 'pg';
import { serverAccount, type ServerAccount } from './account.js';
import { clusterFolders, ensureCluster, serverEnvironment, SUPERUSER, type ClusterFolders } from './cluster.js';
import { isAlive, startTime, waitForExit } from './process-table.js';

const DATABASE = 'stele';
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 20_000;

export interface EmbeddedPostgres {
  /** As superuser, on the database `stele`. */
  url: string;
  port: number;
  pid: number;
  /** Where the data lies. */
  dataFolder: string;
  /** Where the data of a deleted home of the same name went, where this start has moved them. */
  setAside: string | undefined;
  /** Ends the server in order; its data stays. */
  stop(): Promise<void>;
  /** Ends it and removes its data for good. */
  destroy(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  home: string;
  /** For root only: where binaries and data go. */
  stateFolder?: string;
  account?: ServerAccount;
  /** Server settings, e.g. `{ fsync: 'off' }` for tests. */
  settings?: Record<string, string>;
}

/** Starts it, or adopts the one that a killed program left running. Throws where another living program owns it. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const folders = await clusterFolders(options.home, options.account ?? serverAccount(), options.stateFolder);
  await claim(folders);
  const password = await ensureCluster(folders, options.settings?.['fsync'] === 'off' ? ['--no-sync'] : []);
  const urlOf = (port: number, database: string) => `postgres://${SUPERUSER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const running = await runningServer(folders);
    const { pid, port, child } = running ?? (await launch(folders, options.settings ?? {}));
    const outcome = await waitUntilReady(urlOf(port, 'postgres'), pid, deadline);
    if (outcome === 'ready') {
      await ensureDatabase(urlOf(port, 'postgres'));
      child?.unref();
      return { url: urlOf(port, DATABASE), port, pid, dataFolder: folders.data, setAside: folders.setAside, stop: () => stop(folders, pid), destroy: () => destroy(folders, pid) };
    }
    // After a crash the orphans of the former server may hold its memory for a moment, and a port may be taken meanwhile.
    const log = await logTail(folders);
    if (Date.now() > deadline || !/shared memory block|lock file|could not bind|Address already in use/.test(log)) {
      await rm(join(folders.base, 'owner'), { force: true });
      throw new Error(`The embedded PostgreSQL did not start (log: ${join(folders.base, 'server.log')}):\n${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** One owner at a time. Two programs that start in the same instant are told apart by PostgreSQL's own lock file. */
async function claim(folders: ClusterFolders): Promise<void> {
  const file = join(folders.base, 'owner');
  const [pid, started] = existsSync(file) ? (await readFile(file, 'utf8')).trim().split(' ') : [];
  const owner = Number(pid);
  if (owner > 0 && owner !== process.pid && isAlive(owner) && startTime(owner) === (started ?? '')) {
    throw new Error(`Stele is already running on these data (process ${owner}, data in ${folders.base}). Stop it first, or choose another STELE_HOME.`);
  }
  await writeFile(file, `${process.pid} ${startTime(process.pid)}\n`);
}

interface RunningServer {
  pid: number;
  port: number;
  child?: ChildProcess;
}

/** From PostgreSQL's own pid file: line 1 the process, line 4 the port. */
async function runningServer(folders: ClusterFolders): Promise<RunningServer | undefined> {
  const text = await readFile(join(folders.data, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (!(pid > 0) || !(port > 0) || !isAlive(pid)) return undefined;
  // The file may be stale and its process id be another's by now: the server's arguments name its data.
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => folders.data);
  return command.includes(folders.data) ? { pid, port } : undefined;
}

async function launch(folders: ClusterFolders, settings: Record<string, string>): Promise<RunningServer> {
  const port = await choosePort(join(folders.base, 'port'));
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(port), max_connections: '200', timezone: 'UTC', log_timezone: 'UTC', ...settings };
  const log = await open(join(folders.base, 'server.log'), 'w', 0o600);
  try {
    const child = spawn(
      join(folders.binaries, 'bin', 'postgres'),
      ['-D', folders.data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      { ...folders.account.ids, cwd: '/', detached: true, env: serverEnvironment(), stdio: ['ignore', log.fd, log.fd] },
    );
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    if (child.pid === undefined) throw new Error('The embedded PostgreSQL has no process id.');
    return { pid: child.pid, port, child };
  } finally {
    await log.close();
  }
}

/** The port of last time where it is free, else any free one. */
async function choosePort(file: string): Promise<number> {
  const former = Number(await readFile(file, 'utf8').catch(() => '0'));
  const port = (former > 0 ? await freePort(former) : undefined) ?? (await freePort(0));
  if (port === undefined) throw new Error('There is no free port for the embedded PostgreSQL.');
  await writeFile(file, `${port}\n`);
  return port;
}

function freePort(wanted: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}

async function waitUntilReady(url: string, pid: number, deadline: number): Promise<'ready' | 'gone'> {
  while (Date.now() < deadline) {
    if (!isAlive(pid)) return 'gone';
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    try {
      await client.connect();
      return 'ready';
    } catch (error) {
      // 28P01: a password that does not fit will not fit later either; something else owns that port.
      if ((error as { code?: string }).code === '28P01') throw new Error('The embedded PostgreSQL refuses its own password: another server answers on its port.');
      await new Promise((resolve) => setTimeout(resolve, 15));
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  return 'gone';
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

/** SIGINT is PostgreSQL's fast shutdown; SIGQUIT, after which the next start recovers from its log, only if that hangs. */
async function stop(folders: ClusterFolders, pid: number): Promise<void> {
  const ours = isAlive(pid) && (await runningServer(folders))?.pid === pid;
  for (const signal of ours ? (['SIGINT', 'SIGQUIT'] as const) : []) {
    if (isAlive(pid)) process.kill(pid, signal);
    if (await waitForExit(pid, STOP_TIMEOUT_MS)) break;
  }
  await rm(join(folders.base, 'owner'), { force: true });
}

async function destroy(folders: ClusterFolders, pid: number): Promise<void> {
  await stop(folders, pid);
  await rm(folders.base, { recursive: true, force: true });
}

async function logTail(folders: ClusterFolders): Promise<string> {
  const text = await readFile(join(folders.base, 'server.log'), 'utf8').catch(() => '');
  return text.split('\n').slice(-15).join('\n').trim();
}
