import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { DEFAULT_PARAMS, fromHex, genesisToJson, toHex, type Genesis } from '#ledger';
import { createDockerRuntime, DEFAULT_LIMITS, networkName, nodeName, volumeName, type NodeSpec, type Runtime } from '#runtime';
import { connectPinned, ControlClient, makeIdentity, type TlsIdentity } from '#sdk';
import { startTestEngine, type TestEngine } from '../docker/test-engines.js';
import { sleep } from './random.js';

const VALIDATORS = 4;
const FIRST_PORT = 21_500;
const CALL_TIMEOUT_MS = 4000;
/** What a node may store: so little that it can be filled. */
const DISK_MB = 192;
const CHAIN = 'chn_faults';

/** Four validators, each in a container with a small disk of its own, on a private engine. */
export class ContainerChain {
  private readonly sockets: (Promise<TLSSocket> | undefined)[] = [];

  private constructor(
    private readonly folder: string,
    private readonly engine: TestEngine,
    private readonly runtime: Runtime,
    private readonly docker: Docker,
    private readonly identity: TlsIdentity,
    private readonly specs: readonly NodeSpec[],
    private readonly keys: readonly Uint8Array[],
    readonly evmChainId: bigint,
  ) {}

  static async start(bundleFolder: string): Promise<ContainerChain> {
    const folder = mkdtempSync(join(tmpdir(), 'stele-faults-'));
    const engine = await startTestEngine();
    try {
      const installId = `f${randomBytes(4).toString('hex')}`;
      const runtime = createDockerRuntime({ installId, connection: { socketPath: engine.socketPath }, bundleFolder });
      const docker = new Docker({ socketPath: engine.socketPath });
      const identity = await makeIdentity(randomBytes(32));
      const secret = randomBytes(32).toString('base64url');
      const { image } = await runtime.ensureImage();
      const network = { name: networkName(installId, CHAIN), subnet: '10.213.77.0/27' };
      await runtime.ensureNetwork(CHAIN, network);
      const controlKey = toHex(identity.publicKey);
      const specs = Array.from({ length: VALIDATORS }, (_, i): NodeSpec => ({
        installId, chainId: CHAIN, nodeId: `nod_fault${i}`, generation: 1, image, network, limits: DEFAULT_LIMITS, advertise: engine.advertise, volume: volumeName(installId, `nod_fault${i}`),
        env: { STELE_CONTROL_KEYS: controlKey, STELE_RPC_KEYS: controlKey, STELE_ENROL_SECRET: secret, STELE_LOG_LEVEL: 'info' },
        ports: { peer: FIRST_PORT + 3 * i, control: FIRST_PORT + 3 * i + 1, rpc: FIRST_PORT + 3 * i + 2 },
      }));
      await Promise.all(specs.map((spec) => runtime.apply(spec)));
      for (const spec of specs) await giveSmallDisk(runtime, docker, spec);
      const keys = await Promise.all(specs.map((spec) => enrolled(identity, spec, secret)));
      const genesis: Genesis = {
        version: 2, evmChainId: BigInt(randomBytes(4).readUInt32BE(0)) + 1_000_000n, faultModel: 'BFT', timeMs: BigInt(Date.now()), hardfork: 'osaka', protocolVersion: 1, access: 'open', params: DEFAULT_PARAMS,
        members: [{ name: 'faults', governance: new Uint8Array(20).fill(1), operations: new Uint8Array(20).fill(2) }],
        validators: keys.map((publicKey) => ({ publicKey, power: 1n, member: 0 })), alloc: [],
      };
      const chain = new ContainerChain(folder, engine, runtime, docker, identity, specs, keys, genesis.evmChainId);
      const endpoints = Object.fromEntries(keys.map((key, i) => [toHex(key), [`${(specs[i] as NodeSpec).nodeId}:7400`]]));
      await Promise.all(specs.map((_, i) => chain.control(i).putGenesis(genesisToJson(genesis), endpoints)));
      return chain;
    } catch (error) {
      await engine.stop();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get size(): number {
    return this.specs.length;
  }

  control(index: number): ControlClient {
    return controlOf(this.identity, this.spec(index), this.keys[index] ?? null);
  }

  /** One JSON-RPC call over the node's own listener. @throws Error where it cannot be reached, or answers an error. */
  async call<T>(index: number, method: string, params: readonly unknown[]): Promise<T> {
    const socket = await this.socket(index);
    const text = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    return new Promise<T>((resolve, reject) => {
      const fail = (error: Error): void => {
        this.sockets[index] = undefined;
        socket.destroy();
        reject(error);
      };
      const call = request({ method: 'POST', path: '/', createConnection: () => socket, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () => {
          this.sockets[index] = undefined;
          socket.destroy();
          try {
            const answer = JSON.parse(Buffer.concat(chunks).toString()) as { result?: T; error?: { message: string } };
            if (answer.error !== undefined) reject(new RpcRefusal(answer.error.message));
            else resolve(answer.result as T);
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        });
      });
      call.setTimeout(CALL_TIMEOUT_MS, () => call.destroy(new Error('no answer in time')));
      call.on('error', fail);
      call.end(text);
    });
  }

  async kill(index: number): Promise<void> {
    await this.container(index).kill({ signal: 'SIGKILL' }).catch(ignoreGone);
  }

  async pause(index: number): Promise<void> {
    await this.container(index).pause();
  }

  async unpause(index: number): Promise<void> {
    await this.container(index).unpause();
  }

  async stopNode(index: number): Promise<void> {
    await this.runtime.stop(this.spec(index).nodeId);
  }

  /** Starts whatever does not run, with its disk where it was. */
  async startNode(index: number): Promise<void> {
    await this.runtime.apply(this.spec(index));
  }

  /** Takes the node's only link down; the answer puts it up again. */
  async cutNetwork(index: number): Promise<() => Promise<void>> {
    const { State } = await this.container(index).inspect();
    const inside = (...args: string[]): string => execFileSync('nsenter', [`--net=/proc/${State.Pid}/ns/net`, 'ip', ...args], { encoding: 'utf8' });
    const route = /default via (\S+)/.exec(inside('route', 'show', 'default'))?.[1];
    inside('link', 'set', 'eth0', 'down');
    return async () => {
      inside('link', 'set', 'eth0', 'up');
      if (route !== undefined) inside('route', 'add', 'default', 'via', route);
    };
  }

  /** Leaves no byte free on the node's disk. */
  async fillDisk(index: number): Promise<() => Promise<void>> {
    const path = join(await mountpointOf(this.docker, this.spec(index).volume), 'fill');
    const chunk = Buffer.alloc(1024 * 1024);
    try {
      for (let i = 0; i < 2 * DISK_MB; i++) writeFileSync(path, chunk, { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
    return async () => rmSync(path, { force: true });
  }

  async running(index: number): Promise<boolean> {
    return (await this.runtime.get(this.spec(index).nodeId)).state === 'running';
  }

  logs(index: number): Promise<string> {
    return this.runtime.logs(this.spec(index).nodeId, { tailLines: 40 });
  }

  async stop(): Promise<void> {
    await this.runtime.close();
    await this.engine.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private socket(index: number): Promise<TLSSocket> {
    const { advertise, ports } = this.spec(index);
    return connectPinned(`${advertise}:${ports.rpc}`, this.identity, this.keys[index] ?? null, CALL_TIMEOUT_MS);
  }

  private container(index: number): Docker.Container {
    const { installId, nodeId } = this.spec(index);
    return this.docker.getContainer(nodeName(installId, nodeId));
  }

  private spec(index: number): NodeSpec {
    const spec = this.specs[index];
    if (spec === undefined) throw new Error(`there is no node ${index}`);
    return spec;
  }
}

/** The node answered, and refused. */
export class RpcRefusal extends Error {}

function ignoreGone(error: { statusCode?: number }): void {
  if (error.statusCode !== 409 && error.statusCode !== 404) throw error;
}

async function mountpointOf(docker: Docker, volume: string): Promise<string> {
  return (await docker.getVolume(volume).inspect()).Mountpoint;
}

/** Moves what the node has stored so far to a file system of its own, below its volume. */
async function giveSmallDisk(runtime: Runtime, docker: Docker, spec: NodeSpec): Promise<void> {
  await runtime.stop(spec.nodeId);
  const data = await mountpointOf(docker, spec.volume);
  const aside = `${data}.aside`;
  mkdirSync(aside);
  for (const name of readdirSync(data)) cpSync(join(data, name), join(aside, name), { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m,mode=0700`, 'stele-faults', data]);
  for (const name of readdirSync(aside)) cpSync(join(aside, name), join(data, name), { recursive: true });
  execFileSync('chown', ['-R', '10001:10001', data]);
  rmSync(aside, { recursive: true });
  await runtime.apply(spec);
}

function controlOf(identity: TlsIdentity, spec: NodeSpec, publicKey: Uint8Array | null): ControlClient {
  return new ControlClient(identity, { endpoints: [`${spec.advertise}:${spec.ports.control}`], publicKey }, CALL_TIMEOUT_MS);
}

async function enrolled(identity: TlsIdentity, spec: NodeSpec, secret: string): Promise<Uint8Array> {
  for (let attempt = 0; ; attempt++) {
    try {
      return fromHex(toHex(await controlOf(identity, spec, null).enrol(secret)));
    } catch (error) {
      if (attempt > 100) throw error;
      await sleep(100);
    }
  }
}
