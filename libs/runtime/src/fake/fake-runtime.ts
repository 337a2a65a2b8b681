import { throwIfEnded } from '../call.js';
import { RuntimeError } from '../errors.js';
import { specHash } from '../names.js';
import { type CallOptions, CONTAINER_PORTS, type Capabilities, type Capacity, type ChainNetwork, type EgressSpec, type EngineInfo, type EnsuredImage, type HardeningReport, type NodeAddress, type NodeEndpoint, type NodeSpec, type ObservedNode, type Runtime, type VolumeInfo } from '../port.js';
import { overlaps, parseSubnet } from '../subnets.js';
import { createFakeSite, type FakeNode, type FakeSite } from './fake-site.js';
import { FaultInjector, type FaultPlan } from './faults.js';

export interface FakeRuntimeOptions {
  installId: string;
  /** Share one between runtimes to play a provisioner that dies and comes back. */
  site?: FakeSite;
  faults?: FaultPlan;
}

/** The name of the only image that a fake has. */
const FAKE_IMAGE = 'stele-node:fake';

class FakeRuntime implements Runtime {
  readonly kind = 'fake';
  readonly installId: string;
  private readonly site: FakeSite;
  private readonly faults: FaultInjector;

  constructor(options: FakeRuntimeOptions) {
    this.installId = options.installId;
    this.site = options.site ?? createFakeSite();
    this.faults = new FaultInjector(options.faults);
  }

  capabilities(): Capabilities {
    return { isolates: true, restartsNodes: false, egress: 'relay' };
  }

  ping(call?: CallOptions): Promise<EngineInfo> {
    return this.do('ping', call, () => ({ version: 'fake', endpoint: 'in memory' }));
  }

  capacity(call?: CallOptions): Promise<Capacity> {
    return this.do('capacity', call, () => ({ cpus: 4, memoryBytes: 2 ** 33, nodes: this.own().length }));
  }

  verifyHardening(call?: CallOptions): Promise<HardeningReport> {
    return this.do('verifyHardening', call, () => ({ ok: true, dropped: [], checked: [] }));
  }

  ensureImage(call?: CallOptions): Promise<EnsuredImage> {
    return this.do('ensureImage', call, () => {
      const imported = !this.site.images.has(FAKE_IMAGE);
      this.site.images.add(FAKE_IMAGE);
      return { image: FAKE_IMAGE, imported, sizeBytes: 1 };
    });
  }

  ensureNetwork(chainId: string, network: ChainNetwork, call?: CallOptions): Promise<void> {
    return this.do('ensureNetwork', call, () => {
      const there = this.site.networks.get(network.name);
      if (there !== undefined && (there.installId !== this.installId || there.subnet !== network.subnet || there.chainId !== chainId)) throw new RuntimeError('Conflict', `The network ${network.name} exists and differs.`);
      const wanted = parseSubnet(network.subnet);
      for (const other of this.site.networks.values()) {
        if (other.name !== network.name && overlaps(wanted, parseSubnet(other.subnet))) throw new RuntimeError('Conflict', `The subnet ${network.subnet} overlaps ${other.name}'s.`);
      }
      this.site.networks.set(network.name, { ...network, chainId, installId: this.installId });
    });
  }

  removeNetwork(name: string, call?: CallOptions): Promise<void> {
    return this.do('removeNetwork', call, () => {
      const there = this.site.networks.get(name);
      if (there === undefined) return;
      if (there.installId !== this.installId) throw new RuntimeError('Conflict', `The network ${name} is not of this install.`);
      if (this.own().some((node) => node.spec.network.name === name && node.state === 'running')) throw new RuntimeError('Conflict', `The network ${name} has nodes.`);
      this.site.egress.delete(this.key(there.chainId));
      this.site.networks.delete(name);
    });
  }

  apply(spec: NodeSpec, call?: CallOptions): Promise<ObservedNode> {
    return this.do('apply', call, () => {
      if (spec.installId !== this.installId) throw new RuntimeError('Conflict', `The spec of ${spec.nodeId} is of another install.`);
      const hash = specHash(spec);
      const there = this.site.nodes.get(this.key(spec.nodeId));
      if (there !== undefined && there.spec.generation > spec.generation) throw new RuntimeError('Conflict', `Node ${spec.nodeId} is of a newer generation.`);
      if (there?.specHash === hash && there.state === 'running') return this.observed(there);
      this.assertPossible(spec, there);
      this.site.volumes.set(spec.volume, { installId: this.installId, chainId: spec.chainId, nodeId: spec.nodeId });
      const node: FakeNode = { spec: structuredClone(spec), specHash: hash, state: 'running', startedAt: new Date().toISOString(), restarts: 0 };
      this.site.nodes.set(this.key(spec.nodeId), node);
      return this.observed(node);
    });
  }

  get(nodeId: string, call?: CallOptions): Promise<ObservedNode> {
    return this.do('get', call, () => {
      const node = this.site.nodes.get(this.key(nodeId));
      return node === undefined ? { nodeId, chainId: '', generation: 0, specHash: '', state: 'missing', restarts: 0 } : this.observed(node);
    });
  }

  list(filter?: { chainId?: string }, call?: CallOptions): Promise<ObservedNode[]> {
    return this.do('list', call, () =>
      this.own()
        .filter((node) => filter?.chainId === undefined || node.spec.chainId === filter.chainId)
        .map((node) => this.observed(node))
        .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1)),
    );
  }

  stop(nodeId: string, call?: CallOptions): Promise<void> {
    return this.do('stop', call, () => this.halt(this.site.nodes.get(this.key(nodeId))));
  }

  stopAll(call?: CallOptions): Promise<void> {
    return this.do('stopAll', call, () => this.own().forEach((node) => this.halt(node)));
  }

  remove(nodeId: string, options: { volume: 'keep' | 'delete' }, call?: CallOptions): Promise<void> {
    return this.do('remove', call, () => {
      this.site.nodes.delete(this.key(nodeId));
      if (options.volume === 'keep') return;
      for (const [name, volume] of this.site.volumes) {
        if (volume.installId === this.installId && volume.nodeId === nodeId) this.site.volumes.delete(name);
      }
    });
  }

  endpoint(nodeId: string, call?: CallOptions): Promise<NodeEndpoint> {
    return this.do('endpoint', call, () => {
      const { spec } = this.mustHave(nodeId);
      return { host: spec.advertise, ...spec.ports };
    });
  }

  peerEndpoints(node: NodeAddress, from: { fromSameEngine: boolean }): string[] {
    return [from.fromSameEngine ? `${node.nodeId}:${CONTAINER_PORTS.peer}` : `${node.advertise}:${node.ports.peer}`];
  }

  ensureEgress(egress: EgressSpec, call?: CallOptions): Promise<Record<string, string[]>> {
    return this.do('ensureEgress', call, () => {
      if (egress.peers.length > 0 && !this.site.networks.has(egress.network.name)) throw new RuntimeError('NotFound', `There is no network ${egress.network.name}.`);
      const dialled = Object.fromEntries(egress.peers.map((peer) => [peer.nodeId, [`fake-relay/${peer.host}:${peer.port}`]]));
      this.site.egress.set(this.key(egress.chainId), dialled);
      return dialled;
    });
  }

  removeEgress(chainId: string, call?: CallOptions): Promise<void> {
    return this.do('removeEgress', call, () => void this.site.egress.delete(this.key(chainId)));
  }

  logs(nodeId: string, _options?: { tailLines?: number }, call?: CallOptions): Promise<string> {
    return this.do('logs', call, () => `fake log of ${this.mustHave(nodeId).spec.nodeId}\n`);
  }

  listVolumes(filter?: { chainId?: string }, call?: CallOptions): Promise<VolumeInfo[]> {
    return this.do('listVolumes', call, () =>
      [...this.site.volumes]
        .filter(([, volume]) => volume.installId === this.installId && (filter?.chainId === undefined || volume.chainId === filter.chainId))
        .map(([name, { chainId, nodeId }]) => ({ name, chainId, nodeId })),
    );
  }

  removeVolume(name: string, call?: CallOptions): Promise<void> {
    return this.do('removeVolume', call, () => {
      const volume = this.site.volumes.get(name);
      if (volume === undefined) return;
      if (volume.installId !== this.installId || this.own().some((node) => node.spec.volume === name)) throw new RuntimeError('Conflict', `The volume ${name} is in use, or not of this install.`);
      this.site.volumes.delete(name);
    });
  }

  async close(): Promise<void> {
    return undefined;
  }

  /** Every call goes through here: its signal is looked at, and the fault plan asked. */
  private async do<T>(name: string, call: CallOptions | undefined, effect: () => T): Promise<T> {
    if (call?.signal !== undefined) throwIfEnded(call.signal, name);
    return this.faults.run(name, effect);
  }

  private key(id: string): string {
    return `${this.installId}/${id}`;
  }

  private own(): FakeNode[] {
    return [...this.site.nodes.values()].filter((node) => node.spec.installId === this.installId);
  }

  private mustHave(nodeId: string): FakeNode {
    const node = this.site.nodes.get(this.key(nodeId));
    if (node === undefined) throw new RuntimeError('NotFound', `There is no node ${nodeId}.`);
    return node;
  }

  private halt(node: FakeNode | undefined): void {
    if (node?.state !== 'running') return;
    node.state = 'exited';
    node.exitCode = 0;
  }

  /** What an engine would refuse: no image, no network, a port that another node has, no room. */
  private assertPossible(spec: NodeSpec, there: FakeNode | undefined): void {
    if (!this.site.images.has(spec.image)) throw new RuntimeError('NotFound', `There is no image ${spec.image}.`);
    if (!this.site.networks.has(spec.network.name)) throw new RuntimeError('NotFound', `There is no network ${spec.network.name}.`);
    if (there === undefined && this.site.nodes.size >= this.site.room) throw new RuntimeError('Exhausted', 'The fake site is full.');
    const wanted = new Set(Object.values(spec.ports));
    for (const other of this.site.nodes.values()) {
      if (other !== there && other.state === 'running' && Object.values(other.spec.ports).some((port) => wanted.has(port))) throw new RuntimeError('Conflict', `A port of ${spec.nodeId} is already allocated.`);
    }
  }

  private observed(node: FakeNode): ObservedNode {
    const { spec, specHash: hash, state, exitCode, startedAt, restarts } = node;
    return { nodeId: spec.nodeId, chainId: spec.chainId, generation: spec.generation, specHash: hash, state, ...(state === 'exited' && exitCode !== undefined ? { exitCode } : {}), ...(startedAt === undefined ? {} : { startedAt }), restarts };
  }
}

/** A site in memory, with faults before and after every call. Shipped code: the provisioner is tested against it. */
export function createFakeRuntime(options: FakeRuntimeOptions): Runtime {
  return new FakeRuntime(options);
}
