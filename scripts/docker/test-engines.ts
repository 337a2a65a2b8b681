/**
 * Private container engines for tests: each `dockerd` runs in a network namespace of its own, as on a host of its own, with
 * its own socket, folders, bridges and firewall rules. Two of them are two data centers that reach each other only through
 * their hosts' addresses, and nothing that another engine or another test run does touches them. Needs root, dockerd, and ip.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** PEM texts. */
export interface EngineTls {
  ca: string;
  cert: string;
  key: string;
}

export interface TestEngineOptions {
  /** Also listen on TCP port 2376 of `advertise` with mutual TLS, with what this answers for that address. */
  tls?: (advertise: string) => EngineTls;
}

export interface TestEngine {
  socketPath: string;
  /** The engine's host, reached from here and from the other engines' hosts: what a data center is to advertise. */
  advertise: string;
  /** For `subnetPool`. Every engine has the same one, as sites of their own do. */
  subnetPool: string;
  /** This side of the link to the engine's host: an address "on the internet" for what runs in it. */
  outside: string;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 40_000;
const REMEDY = 'On Debian: apt-get install docker.io iptables iproute2 openssl, and run as root.';

/** Whether engines can be started here, and if not why. Where CI=true that is an error instead: CI may not skip them. */
export function testEnginesProblem(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const problem = findProblem();
  if (problem !== undefined && env['CI'] === 'true') throw new Error(`Container tests cannot run: ${problem} ${REMEDY}`);
  return problem;
}

function findProblem(): string | undefined {
  if (process.platform !== 'linux') return `engines for tests need Linux, and this is ${process.platform}.`;
  if (process.getuid?.() !== 0) return 'engines for tests need root.';
  for (const program of ['dockerd', 'ip', 'nsenter', 'iptables', 'openssl']) {
    if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0) return `${program} is not installed.`;
  }
  return undefined;
}

/** Says loudly that a suite is skipped. Answers `describe` or `describe.skip`. */
export function describeWithEngines<T>(describe: T & { skip: T }): T {
  const problem = testEnginesProblem();
  if (problem === undefined) return describe;
  process.stderr.write(`\n*** SKIPPED: container tests do not run here: ${problem} ${REMEDY} ***\n\n`);
  return describe.skip;
}

const ip = (...args: string[]): void => void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });

/** Claims a /30 out of 10.248.0.0/16 by making its namespace: `ip netns add` fails when another test run has it. */
function claimHost(): { number: number; namespace: string; link: string } {
  for (let attempt = 0; attempt < 200; attempt++) {
    const number = 1 + Math.floor(Math.random() * 250);
    const namespace = `stele-t${number}`;
    if (spawnSync('ip', ['netns', 'add', namespace], { stdio: 'ignore' }).status === 0) return { number, namespace, link: namespace };
  }
  throw new Error('No room for another engine: 200 network namespaces named stele-t… are in use. Remove stale ones with `ip netns del`.');
}

/** Where another engine runs beside, its rules drop what is forwarded: between our hosts it is to pass. */
function forwardRules(action: '-I' | '-D', link: string): void {
  for (const direction of ['-i', '-o']) spawnSync('iptables', ['--wait', action, 'FORWARD', direction, link, '-j', 'ACCEPT'], { stdio: 'ignore' });
}

function connectHost(host: { number: number; namespace: string; link: string }): { outside: string; advertise: string } {
  const outside = `10.248.${host.number}.1`;
  const advertise = `10.248.${host.number}.2`;
  ip('link', 'add', host.link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', host.namespace);
  ip('addr', 'add', `${outside}/30`, 'dev', host.link);
  ip('link', 'set', host.link, 'up');
  ip('-n', host.namespace, 'addr', 'add', `${advertise}/30`, 'dev', 'eth0');
  ip('-n', host.namespace, 'link', 'set', 'eth0', 'up');
  ip('-n', host.namespace, 'link', 'set', 'lo', 'up');
  ip('-n', host.namespace, 'route', 'add', 'default', 'via', outside);
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
  forwardRules('-I', host.link);
  return { outside, advertise };
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request({ socketPath, path: '/_ping', timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve(false));
    call.end();
  });
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function untilReady(engine: ChildProcess, socketPath: string, log: string): Promise<void> {
  const end = Date.now() + READY_WITHIN_MS;
  while (Date.now() < end) {
    if (engine.exitCode !== null || engine.signalCode !== null) throw new Error(`dockerd ended before it was ready:\n${readFileSync(log, 'utf8').slice(-2000)}`);
    if (existsSync(socketPath) && (await answers(socketPath))) return;
    await sleep(100);
  }
  throw new Error(`dockerd was not ready within ${READY_WITHIN_MS / 1000} s:\n${readFileSync(log, 'utf8').slice(-2000)}`);
}

/** What of an engine's folders is still mounted after it ended (a killed engine cleans up nothing), deepest first. */
function unmountBelow(folder: string): void {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point.startsWith(`${folder}/`));
  for (const point of points.sort().reverse()) spawnSync('umount', ['-l', point], { stdio: 'ignore' });
}

/** Containers outlive their engine: their shims' sockets tell which were ours. */
function killShims(folder: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      if (command.includes('containerd-shim') && command.includes(folder)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended while we looked.
      continue;
    }
  }
}

async function waitForEnd(engine: ChildProcess, withinMs: number): Promise<boolean> {
  if (engine.exitCode !== null || engine.signalCode !== null) return true;
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), withinMs);
    engine.once('exit', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

function tlsArguments(folder: string, advertise: string, tls: EngineTls): string[] {
  const files = Object.entries(tls).map(([name, pem]) => {
    writeFileSync(join(folder, `${name}.pem`), pem, { mode: 0o600 });
    return `--tls${name === 'ca' ? 'cacert' : name}=${join(folder, `${name}.pem`)}`;
  });
  return ['--host', `tcp://${advertise}:2376`, '--tlsverify', ...files];
}

/** Starts one engine; ready when this resolves. Its folders are under the system's temporary folder. */
export async function startTestEngine(options: TestEngineOptions = {}): Promise<TestEngine> {
  const host = claimHost();
  const folder = mkdtempSync(join(tmpdir(), 'stele-engine-'));
  const socketPath = join(folder, 'docker.sock');
  const log = join(folder, 'log');
  let engine: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    if (engine !== undefined) {
      engine.kill('SIGTERM');
      if (!(await waitForEnd(engine, 20_000))) engine.kill('SIGKILL');
      await waitForEnd(engine, 5000);
    }
    killShims(folder);
    unmountBelow(folder);
    forwardRules('-D', host.link);
    // Its end of the link may outlive the namespace for a moment, so the link goes by name.
    spawnSync('ip', ['link', 'del', host.link], { stdio: 'ignore' });
    spawnSync('ip', ['netns', 'del', host.namespace], { stdio: 'ignore' });
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    const { outside, advertise } = connectHost(host);
    for (const name of ['data', 'exec']) mkdirSync(join(folder, name));
    const output = openSync(log, 'a');
    const args = ['--host', `unix://${socketPath}`, '--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid'), '--bip', '10.247.0.1/24', ...(options.tls === undefined ? [] : tlsArguments(folder, advertise, options.tls(advertise)))];
    engine = spawn('nsenter', [`--net=/run/netns/${host.namespace}`, 'dockerd', ...args], { stdio: ['ignore', output, output], cwd: '/' });
    closeSync(output);
    await untilReady(engine, socketPath, log);
    return { socketPath, advertise, outside, subnetPool: '10.213.0.0/16', stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts several side by side; when one fails, none is left. */
export async function startTestEngines(count: number, options: TestEngineOptions = {}): Promise<TestEngine[]> {
  const results = await Promise.allSettled(Array.from({ length: count }, () => startTestEngine(options)));
  const engines = results.filter((result) => result.status === 'fulfilled').map((result) => result.value);
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) {
    await Promise.all(engines.map((engine) => engine.stop()));
    throw failure.reason;
  }
  return engines;
}
