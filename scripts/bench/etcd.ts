import { spawn, execFile, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, type ClientHttp2Session } from 'node:http2';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cpuMs, delay, percentile } from './usage.js';

const run = promisify(execFile);
const START_TIMEOUT_MS = 20_000;

/** The etcd program: an installed one, or Debian's package unpacked into `folder` and not installed. Null where there is neither. */
export async function findEtcd(folder: string): Promise<string | null> {
  const installed = await run('sh', ['-c', 'command -v etcd']).then(({ stdout }) => stdout.trim(), () => '');
  if (installed !== '') return installed;
  const program = join(folder, 'root', 'usr', 'bin', 'etcd');
  if (existsSync(program)) return program;
  try {
    mkdirSync(folder, { recursive: true });
    await run('apt-get', ['download', '-qq', 'etcd-server'], { cwd: folder });
    const deb = readdirSync(folder).find((name) => name.startsWith('etcd-server_'));
    if (deb === undefined) return null;
    await run('dpkg', ['-x', join(folder, deb), join(folder, 'root')]);
    return existsSync(program) ? program : null;
  } catch {
    return null;
  }
}

/** Three members on loopback with the defaults of the package: each put is durable on a majority before it is answered. */
export class EtcdCluster {
  private constructor(
    private readonly folder: string,
    private readonly members: readonly ChildProcess[],
    readonly ports: readonly number[],
  ) {}

  static async start(program: string): Promise<EtcdCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'stele-etcd-'));
    const ports = await freePorts(6);
    const names = ['m0', 'm1', 'm2'];
    const peers = names.map((name, i) => `${name}=http://127.0.0.1:${ports[i + 3]}`).join(',');
    const members = names.map((name, i) =>
      spawn(program, [
        '--name', name, '--data-dir', join(folder, name), '--initial-cluster', peers, '--initial-cluster-state', 'new', '--logger', 'zap', '--log-level', 'error',
        '--listen-client-urls', `http://127.0.0.1:${ports[i]}`, '--advertise-client-urls', `http://127.0.0.1:${ports[i]}`,
        '--listen-peer-urls', `http://127.0.0.1:${ports[i + 3]}`, '--initial-advertise-peer-urls', `http://127.0.0.1:${ports[i + 3]}`,
      ], { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ETCD_UNSUPPORTED_ARCH: process.arch } }));
    let said = '';
    for (const member of members) member.stderr?.on('data', (text: Buffer) => void (said = (said + text.toString()).slice(-2000)));
    const cluster = new EtcdCluster(folder, members, ports.slice(0, 3));
    const limitMs = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      try {
        await cluster.puts({ clients: 1, valueBytes: 16, durationMs: 1, warmUpMs: 0 });
        return cluster;
      } catch (error) {
        if (performance.now() > limitMs) {
          await cluster.stop();
          throw new Error(`etcd did not answer within ${START_TIMEOUT_MS / 1000} s. It said: ${said || 'nothing'}`, { cause: error });
        }
        await delay(200);
      }
    }
  }

  /** As many puts as `clients` finish, each sending one after another, spread over the members. */
  async puts({ clients, valueBytes, durationMs, warmUpMs }: { clients: number; valueBytes: number; durationMs: number; warmUpMs: number }): Promise<{ perSecond: number; p50Ms: number; cpuMsPerPut: number }> {
    const sessions = await Promise.all(Array.from({ length: Math.min(clients, 12) }, (_, i) => session(this.ports[i % 3] as number)));
    const cpu = (): number => this.members.reduce((sum, { pid }) => sum + (pid === undefined ? 0 : cpuMs(pid)), 0);
    const latencies: number[] = [];
    const beganMs = performance.now();
    const fromMs = beganMs + warmUpMs;
    const endMs = fromMs + durationMs;
    let cpuFrom = cpu();
    let counted = 0;
    setTimeout(() => (cpuFrom = cpu()), warmUpMs).unref();
    const client = async (number: number): Promise<void> => {
      for (let i = 0; performance.now() < endMs; i++) {
        const sentMs = performance.now();
        await put(sessions[number % sessions.length] as ClientHttp2Session, putRequest(`${number}/${i}/${sentMs}`, valueBytes));
        const nowMs = performance.now();
        if (nowMs < fromMs || nowMs > endMs) continue;
        counted += 1;
        latencies.push(nowMs - sentMs);
      }
    };
    await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
    const used = cpu() - cpuFrom;
    for (const one of sessions) one.close();
    return { perSecond: (counted / durationMs) * 1000, p50Ms: percentile(latencies, 0.5), cpuMsPerPut: used / Math.max(1, counted) };
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => new Promise<void>((resolve) => {
      if (member.exitCode !== null) return resolve();
      member.once('exit', () => resolve());
      member.kill('SIGKILL');
    })));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** etcdserverpb.PutRequest { 1: key, 2: value } in a gRPC frame: the two fields are all of protocol buffers that this needs. */
function putRequest(key: string, valueBytes: number): Buffer {
  const field = (tag: number, value: Buffer): Buffer => Buffer.concat([Buffer.of(tag), varint(value.length), value]);
  const body = Buffer.concat([field(0x0a, Buffer.from(key)), field(0x12, Buffer.alloc(valueBytes, 'v'))]);
  const frame = Buffer.alloc(5 + body.length);
  frame.writeUInt32BE(body.length, 1);
  body.copy(frame, 5);
  return frame;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function put(http2: ClientHttp2Session, frame: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = http2.request({ ':method': 'POST', ':path': '/etcdserverpb.KV/Put', 'content-type': 'application/grpc', te: 'trailers' });
    let status = '0';
    const noteStatus = (headers: Record<string, unknown>): void => void (status = String(headers['grpc-status'] ?? status));
    stream.on('response', noteStatus);
    stream.on('trailers', noteStatus);
    stream.on('error', reject);
    stream.on('close', () => (status === '0' ? resolve() : reject(new Error(`etcd answered gRPC status ${status}`))));
    stream.resume();
    stream.end(frame);
  });
}

function session(port: number): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const http2 = connect(`http://127.0.0.1:${port}`);
    http2.once('connect', () => resolve(http2));
    http2.once('error', reject);
  });
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise<ReturnType<typeof createServer>>((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => resolve(server));
  })));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
