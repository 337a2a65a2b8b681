import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runtimeContract } from '../../testing/contract-suite.js';
import { freePort } from '../../testing/free-port.js';
import { writeStandIn } from '../../testing/stand-in.js';
import { eventually, fetchText } from '../../testing/wait.js';
import { createProcessRuntime, DEFAULT_LIMITS, type NodeSpec, volumeName } from '../index.js';
import { identify, isAlive, signalProcess } from './identity.js';
import type { NodeRecord } from './record.js';

const folder = mkdtempSync(join(tmpdir(), 'stele-process-'));
const bundle = join(writeStandIn(join(folder, 'bundle')), 'stele-node.cjs');
const open = (installId: string) => createProcessRuntime({ installId, folder: join(folder, 'site'), bundle });

runtimeContract(
  'process',
  async () => ({ open, advertise: '127.0.0.1', subnets: ['10.0.0.0/27', '10.0.0.32/27'], listens: true, freePort }),
  async () => undefined,
);

describe('process driver', () => {
  const runtime = createProcessRuntime({ installId: 'i1', folder: join(folder, 'own'), bundle });
  const recordPath = join(folder, 'own', 'nodes', 'n1', 'node.json');
  const record = (): NodeRecord => JSON.parse(readFileSync(recordPath, 'utf8')) as NodeRecord;
  let spec: NodeSpec;

  beforeAll(async () => {
    const ports = { peer: await freePort(), control: await freePort(), rpc: await freePort() };
    spec = { installId: 'i1', chainId: 'c1', nodeId: 'n1', generation: 1, image: bundle, env: { WHO: 'n1' }, ports, advertise: '127.0.0.1', network: { name: 'net', subnet: '10.0.0.0/27' }, limits: DEFAULT_LIMITS, volume: volumeName('i1', 'n1') };
  });
  afterEach(() => runtime.remove('n1', { volume: 'delete' }), 20_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('says that it isolates nothing', async () => {
    expect(runtime.capabilities()).toMatchObject({ isolates: false, warning: expect.stringContaining('isolates nothing') as string });
    expect((await runtime.verifyHardening()).ok).toBe(false);
  });

  test('a node that crashed is exited with its code, and apply starts it again', async () => {
    await runtime.apply(spec);
    await eventually(() => fetchText('127.0.0.1', spec.ports.rpc, '/'));
    await fetchText('127.0.0.1', spec.ports.rpc, '/crash').catch(() => undefined);
    expect(await eventually(async () => ((await runtime.get('n1')).exitCode === undefined ? undefined : runtime.get('n1')))).toMatchObject({ state: 'exited', exitCode: 3 });
    expect(await runtime.apply(spec)).toMatchObject({ state: 'running' });
  }, 20_000);

  test('a claim of a network that could not be written whole leaves nothing that a later call stumbles over', async () => {
    const unfinished = join(folder, 'own', 'net9.new');
    mkdirSync(unfinished, { recursive: true });
    await expect(runtime.ensureNetwork('c9', { name: 'net9', subnet: '10.0.9.0/27' })).rejects.toMatchObject({ code: 'EISDIR' });
    expect(readdirSync(join(folder, 'own', 'networks'))).toEqual([]);
    rmSync(unfinished, { recursive: true });
    await runtime.ensureNetwork('c9', { name: 'net9', subnet: '10.0.9.0/27' });
    expect(readdirSync(join(folder, 'own', 'networks'))).toEqual(['net9']);
    await runtime.removeNetwork('net9');
  });

  test('a process whose pid was never written down is found again', async () => {
    await runtime.apply(spec);
    const { process: known, ...lost } = record();
    writeFileSync(recordPath, JSON.stringify({ ...lost, phase: 'starting' }));
    expect(await runtime.get('n1')).toMatchObject({ state: 'running' });
    expect(record().process).toEqual(known);
  });

  test('a pid that the system gave to another process is left alone', async () => {
    await runtime.apply(spec);
    await runtime.stop('n1');
    const stranger = spawn('sleep', ['30'], { stdio: 'ignore' });
    try {
      writeFileSync(recordPath, JSON.stringify({ ...record(), phase: 'started', process: { pid: stranger.pid, started: 'another boot/1' } }));
      expect(await runtime.get('n1')).toMatchObject({ state: 'exited' });
      await runtime.stop('n1');
      expect(identify(stranger.pid ?? 0)).toBeDefined();
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  test('nodes outlive the process that started them, in a session of their own', async () => {
    const child = spawn(process.execPath, ['-e', `const c = require('node:child_process').spawn('sleep', ['30'], { detached: true, stdio: 'ignore' }); c.unref(); console.log(c.pid)`], { stdio: ['ignore', 'pipe', 'ignore'] });
    const pid = Number(await new Promise<string>((resolve) => child.stdout.once('data', (data: Buffer) => resolve(data.toString()))));
    await new Promise((resolve) => child.once('exit', resolve));
    const orphan = identify(pid);
    expect(orphan && isAlive(orphan)).toBe(true);
    if (orphan !== undefined) signalProcess(orphan, 'SIGKILL');
    await runtime.apply(spec);
    const session = spawnSync('ps', ['-o', 'sid=', '-p', String(record().process?.pid)], { encoding: 'utf8' }).stdout.trim();
    expect(session).toBe(String(record().process?.pid));
  });
});
