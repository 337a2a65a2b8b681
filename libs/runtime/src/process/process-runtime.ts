import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, isIPv4 } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { callSignal, pause, throwIfEnded } from '../call.js';
import { RuntimeError } from '../errors.js';
import { specHash } from '../names.js';
import { type CallOptions, type Capabilities, type Capacity, type ChainNetwork, type EgressSpec, type EngineInfo, type EnsuredImage, type HardeningReport, type NodeAddress, type NodeEndpoint, type NodeSpec, type NodeState, type ObservedNode, type Runtime, type VolumeInfo } from '../port.js';
import { findByEnvironment, identify, isAlive, signalProcess } from './identity.js';
import { capLog, tailLog } from './log-file.js';
import { type NodeRecord, readRecord, recordedNodes, recordOf, writeRecord } from './record.js';

/** To be shown wherever this runtime is chosen. */
export const PROCESS_WARNING = 'Nodes run as child processes, which isolates nothing: each can read the keys and reach the ports of all others, and no limit is enforced. For trying things out only.';

export interface ProcessRuntimeOptions {
  installId: string;
  /** Everything is below it: `nodes/<nodeId>/{node.json,log}`, `volumes/<volume>/`. */
  folder: string;
  /** The program that every node runs, e.g. dist/node/stele-node.cjs. */
  bundle: string;
  /** Defaults to the Node that runs us. */
  nodeBinary?: string;
}

/** Marks our children in their environment, so that one whose pid was lost is found again. */
const MARK = 'STELE_RUNTIME_NODE';
const CHANGE_MS = 30_000;
const STOP_GRACE_MS = 10_000;

class ProcessRuntime implements Runtime {
  readonly kind = 'process';
  readonly installId: string;
  /** The last call per node: calls for one node go one after the other. */
  private readonly queues = new Map<string, Promise<unknown>>();

  constructor(private readonly options: ProcessRuntimeOptions) {
    this.installId = options.installId;
  }

  capabilities(): Capabilities {
    return { isolates: false, warning: PROCESS_WARNING, restartsNodes: false, egress: 'direct' };
  }

  async ping(): Promise<EngineInfo> {
    return { version: process.versions.node, endpoint: 'child processes' };
  }

  async capacity(): Promise<Capacity> {
    return { cpus: availableParallelism(), memoryBytes: totalmem(), nodes: recordedNodes(this.nodesFolder).length };
  }

  async verifyHardening(): Promise<HardeningReport> {
    return { ok: false, dropped: ['every restriction: child processes isolate nothing'], checked: [] };
  }

  async ensureImage(): Promise<EnsuredImage> {
    if (!existsSync(this.options.bundle)) throw new RuntimeError('NotFound', `There is no node program at ${this.options.bundle}: run \`npm run build\` first.`);
    return { image: this.options.bundle, imported: false, sizeBytes: statSync(this.options.bundle).size };
  }

  /** There is nothing to make: all nodes share the machine's network. The claim is kept so that the port's contract holds. */
  async ensureNetwork(chainId: string, network: ChainNetwork): Promise<void> {
    const path = join(this.networksFolder, network.name);
    mkdirSync(this.networksFolder, { recursive: true, mode: 0o700 });
    const claims = readdirSync(this.networksFolder).map((name) => ({ name, ...(JSON.parse(readFileSync(join(this.networksFolder, name), 'utf8')) as { chainId: string; subnet: string }) }));
    const mine = claims.find((claim) => claim.name === network.name);
    if (mine !== undefined && (mine.subnet !== network.subnet || mine.chainId !== chainId)) throw new RuntimeError('Conflict', `The network ${network.name} exists with the subnet ${mine.subnet}.`);
    const other = claims.find((claim) => claim.name !== network.name && claim.subnet === network.subnet);
    if (other !== undefined) throw new RuntimeError('Conflict', `The subnet ${network.subnet} is the network ${other.name}'s.`);
    // Whole or not at all: half a claim, of a full disk or a death, could be read by no later call. Outside, so that no call takes it for a claim.
    const unfinished = join(this.options.folder, `${network.name}.new`);
    writeFileSync(unfinished, JSON.stringify({ chainId, subnet: network.subnet }), { mode: 0o600, flush: true });
    renameSync(unfinished, path);
  }

  async removeNetwork(name: string): Promise<void> {
    const path = join(this.networksFolder, name);
    if (!existsSync(path)) return;
    const { chainId } = JSON.parse(readFileSync(path, 'utf8')) as { chainId: string };
    if ((await this.list({ chainId })).length > 0) throw new RuntimeError('Conflict', `The network ${name} has nodes.`);
    rmSync(path, { force: true });
  }

  apply(spec: NodeSpec, call?: CallOptions): Promise<ObservedNode> {
    return this.oneAtATime(spec.nodeId, async () => {
      const signal = callSignal(call, CHANGE_MS);
      throwIfEnded(signal, `starting node ${spec.nodeId}`);
      if (spec.installId !== this.installId) throw new RuntimeError('Conflict', `The spec of ${spec.nodeId} is of another install.`);
      const hash = specHash(spec);
      const there = this.look(spec.nodeId);
      if (there !== undefined && there.generation > spec.generation) throw new RuntimeError('Conflict', `Node ${spec.nodeId} is of generation ${there.generation}; a spec of generation ${spec.generation} is out of date.`);
      if (there?.specHash === hash && stateOf(there) === 'running') return observed(there);
      if (there !== undefined) await this.halt(there, signal);
      await assertPortsFree(spec);
      return observed(this.start(spec, hash));
    });
  }

  async get(nodeId: string): Promise<ObservedNode> {
    const record = this.look(nodeId);
    return record === undefined ? { nodeId, chainId: '', generation: 0, specHash: '', state: 'missing', restarts: 0 } : observed(record);
  }

  async list(filter?: { chainId?: string }): Promise<ObservedNode[]> {
    const records = recordedNodes(this.nodesFolder).map((nodeId) => this.look(nodeId));
    return records.filter((record) => record !== undefined && (filter?.chainId === undefined || record.chainId === filter.chainId)).map((record) => observed(record as NodeRecord));
  }

  stop(nodeId: string, call?: CallOptions): Promise<void> {
    return this.oneAtATime(nodeId, async () => {
      const record = this.look(nodeId);
      if (record !== undefined) await this.halt(record, callSignal(call, CHANGE_MS));
    });
  }

  async stopAll(call?: CallOptions): Promise<void> {
    await Promise.all(recordedNodes(this.nodesFolder).map((nodeId) => this.stop(nodeId, call)));
  }

  remove(nodeId: string, options: { volume: 'keep' | 'delete' }, call?: CallOptions): Promise<void> {
    return this.oneAtATime(nodeId, async () => {
      const record = this.look(nodeId);
      if (record !== undefined) await this.halt(record, callSignal(call, CHANGE_MS));
      // The volume before the record, which is what knows of it: a call that dies in between is repeated.
      if (options.volume === 'delete') {
        for (const volume of await this.listVolumes()) {
          if (volume.nodeId === nodeId) rmSync(this.volumeFolder(volume.name), { recursive: true, force: true });
        }
      }
      rmSync(join(this.nodesFolder, nodeId), { recursive: true, force: true });
    });
  }

  async endpoint(nodeId: string): Promise<NodeEndpoint> {
    const record = this.look(nodeId);
    if (record === undefined) throw new RuntimeError('NotFound', `There is no node ${nodeId}.`);
    return { host: record.advertise, ...record.ports };
  }

  peerEndpoints(node: NodeAddress): string[] {
    return [`${node.advertise}:${node.ports.peer}`];
  }

  async ensureEgress(egress: EgressSpec): Promise<Record<string, string[]>> {
    return Object.fromEntries(egress.peers.map((peer) => [peer.nodeId, [`${peer.host}:${peer.port}`]]));
  }

  async removeEgress(): Promise<void> {
    return undefined;
  }

  async logs(nodeId: string, options?: { tailLines?: number }): Promise<string> {
    if (this.look(nodeId) === undefined) throw new RuntimeError('NotFound', `There is no node ${nodeId}.`);
    return tailLog(join(this.nodesFolder, nodeId, 'log'), options?.tailLines ?? 200);
  }

  async listVolumes(filter?: { chainId?: string }): Promise<VolumeInfo[]> {
    if (!existsSync(this.volumesFolder)) return [];
    const names = readdirSync(this.volumesFolder).filter((name) => existsSync(join(this.volumesFolder, name, 'volume.json')));
    const volumes = names.map((name) => ({ name, ...(JSON.parse(readFileSync(join(this.volumesFolder, name, 'volume.json'), 'utf8')) as { chainId: string; nodeId: string }) }));
    return volumes.filter((volume) => filter?.chainId === undefined || volume.chainId === filter.chainId);
  }

  async removeVolume(name: string): Promise<void> {
    const user = recordedNodes(this.nodesFolder).find((nodeId) => this.look(nodeId)?.volume === name);
    if (user !== undefined) throw new RuntimeError('Conflict', `The volume ${name} is node ${user}'s.`);
    rmSync(this.volumeFolder(name), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    return undefined;
  }

  private get nodesFolder(): string {
    return join(this.options.folder, 'nodes');
  }

  private get volumesFolder(): string {
    return join(this.options.folder, 'volumes');
  }

  private get networksFolder(): string {
    return join(this.options.folder, 'networks');
  }

  private volumeFolder(name: string): string {
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) throw new TypeError(`${JSON.stringify(name)} is no name of a volume.`);
    return join(this.volumesFolder, name);
  }

  private recordPath(nodeId: string): string {
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(nodeId)) throw new TypeError(`${JSON.stringify(nodeId)} is no node id.`);
    return join(this.nodesFolder, nodeId, 'node.json');
  }

  /** The record, with a lost pid found again. */
  private look(nodeId: string): NodeRecord | undefined {
    const path = this.recordPath(nodeId);
    const record = readRecord(path);
    if (record === undefined) return undefined;
    if (record.installId !== this.installId) throw new RuntimeError('Conflict', `The folder of node ${nodeId} is another install's.`);
    capLog(join(this.nodesFolder, nodeId, 'log'));
    if (record.phase !== 'starting') return record;
    const found = findByEnvironment(MARK, `${this.installId}/${nodeId}`);
    const known: NodeRecord = found === undefined ? { ...record, phase: 'created' } : { ...record, phase: 'started', process: found };
    writeRecord(path, known);
    return known;
  }

  /** From before the process is made to after its pid is written nothing awaits, so that `look` sees `starting` only after a crash. */
  private start(spec: NodeSpec, hash: string): NodeRecord {
    const path = this.recordPath(spec.nodeId);
    const volume = this.volumeFolder(spec.volume);
    mkdirSync(join(volume, 'data'), { recursive: true, mode: 0o700 });
    writeFileSync(join(volume, 'volume.json'), JSON.stringify({ chainId: spec.chainId, nodeId: spec.nodeId }), { mode: 0o600 });
    const record: NodeRecord = { ...recordOf(spec, hash), phase: 'starting', startedAt: new Date().toISOString() };
    writeRecord(path, record);
    const log = openSync(join(this.nodesFolder, spec.nodeId, 'log'), 'a', 0o600);
    const child = spawn(this.options.nodeBinary ?? process.execPath, [spec.image], {
      cwd: volume,
      // Its own session: it lives on when the provisioner ends, and Ctrl-C at the terminal is not for it.
      detached: true,
      stdio: ['ignore', log, log],
      env: {
        PATH: process.env['PATH'],
        NODE_ENV: process.env['NODE_ENV'],
        ...spec.env,
        [MARK]: `${this.installId}/${spec.nodeId}`,
        STELE_DATA: join(volume, 'data'),
        STELE_HOST: isIPv4(spec.advertise) ? spec.advertise : '127.0.0.1',
        STELE_PEER_PORT: String(spec.ports.peer),
        STELE_CONTROL_PORT: String(spec.ports.control),
        STELE_RPC_PORT: String(spec.ports.rpc),
      },
    });
    closeSync(log);
    child.on('error', () => undefined);
    if (child.pid === undefined) {
      writeRecord(path, { ...record, phase: 'created' });
      throw new RuntimeError('Failed', `Node ${spec.nodeId} could not be started with ${this.options.nodeBinary ?? process.execPath}.`);
    }
    const identity = identify(child.pid);
    const started: NodeRecord = { ...record, phase: 'started', ...(identity === undefined ? {} : { process: identity }) };
    writeRecord(path, started);
    child.on('exit', (code) => this.noteExit(spec.nodeId, child.pid, code));
    child.unref();
    return started;
  }

  /** The exit code is known only to the process that started the node, so it is written down when it is seen. */
  private noteExit(nodeId: string, pid: number | undefined, code: number | null): void {
    const record = readRecord(this.recordPath(nodeId));
    if (record === undefined || record.process?.pid !== pid || code === null) return;
    writeRecord(this.recordPath(nodeId), { ...record, exitCode: code });
  }

  private async halt(record: NodeRecord, signal: AbortSignal): Promise<void> {
    const known = record.process;
    const what = `stopping node ${record.nodeId}`;
    throwIfEnded(signal, what);
    if (known !== undefined && signalProcess(known, 'SIGTERM')) {
      const killAt = Date.now() + STOP_GRACE_MS;
      while (isAlive(known)) {
        if (Date.now() > killAt) signalProcess(known, 'SIGKILL');
        await pause(20, signal, what);
      }
    }
    const now = readRecord(this.recordPath(record.nodeId));
    if (now !== undefined) writeRecord(this.recordPath(record.nodeId), { ...now, phase: 'stopped' });
  }

  private oneAtATime<T>(nodeId: string, work: () => Promise<T>): Promise<T> {
    const result = (this.queues.get(nodeId) ?? Promise.resolve()).then(work, work);
    const settled = result.then(
      () => undefined,
      () => undefined,
    );
    this.queues.set(nodeId, settled);
    void settled.then(() => {
      if (this.queues.get(nodeId) === settled) this.queues.delete(nodeId);
    });
    return result;
  }
}

/** As an engine does, a port that is taken is refused before anything starts. */
async function assertPortsFree(spec: NodeSpec): Promise<void> {
  const host = isIPv4(spec.advertise) ? spec.advertise : '127.0.0.1';
  for (const port of Object.values(spec.ports)) {
    await new Promise<void>((resolve, reject) => {
      const trial = createServer();
      trial.once('error', (cause) => reject(new RuntimeError('Conflict', `Port ${port} at ${host}, chosen for node ${spec.nodeId}, cannot be had (${cause.message}).`, { cause })));
      trial.listen({ port, host, exclusive: true }, () => trial.close(() => resolve()));
    });
  }
}

function stateOf(record: NodeRecord): NodeState {
  if (record.process !== undefined && isAlive(record.process)) return 'running';
  return record.phase === 'created' || record.process === undefined ? 'created' : 'exited';
}

function observed(record: NodeRecord): ObservedNode {
  const state = stateOf(record);
  return {
    nodeId: record.nodeId,
    chainId: record.chainId,
    generation: record.generation,
    specHash: record.specHash,
    state,
    ...(state === 'exited' && record.exitCode !== undefined ? { exitCode: record.exitCode } : {}),
    ...(record.startedAt === undefined ? {} : { startedAt: record.startedAt }),
    restarts: 0,
  };
}

/** Nodes as child processes that outlive us. For machines without an engine. */
export function createProcessRuntime(options: ProcessRuntimeOptions): Runtime {
  return new ProcessRuntime(options);
}
