import { mapBounded } from '../call.js';
import { RuntimeError } from '../errors.js';
import { NodeImageBuilder } from '../image/node-image.js';
import { egressNetworkName, LABELS, nodeName } from '../names.js';
import { type CallOptions, CONTAINER_PORTS, type Capabilities, type Capacity, type ChainNetwork, type EgressSpec, type EngineInfo, type EnsuredImage, type HardeningReport, type NodeAddress, type NodeEndpoint, type NodeSpec, type ObservedNode, type Runtime, type VolumeInfo } from '../port.js';
import { applyContainer, removeContainer } from './apply.js';
import { nodeContainer } from './container-spec.js';
import { type DockerConnection, Engine, orMissing, orUnchanged } from './engine.js';
import { ensureImageAt } from './image.js';
import { ensureBridge } from './networks.js';
import { containersByLabel, endpointOf, inspectOwn, missingNode, observed, textOfFrames } from './observe.js';
import { probeHardening } from './probe.js';
import { RELAY_ALIAS, relayContainer, removeRelay, routesOf } from './relay.js';

export interface DockerRuntimeOptions {
  installId: string;
  connection: DockerConnection;
  /** Folder with `stele-node.cjs` and its addons; or `image`, the name of an image that the engine has (docker/Dockerfile.node). */
  bundleFolder?: string;
  image?: string;
  /** Address of the engine's host that ports are bound to, where it is not the advertised one (behind address translation). */
  bindAddress?: string;
}

/** Defaults per kind of call: a look, a change, an import of the image. */
const LOOK_MS = 10_000;
const CHANGE_MS = 45_000;
const IMPORT_MS = 180_000;
/** Calls of one request at a time at an engine. */
const PARALLEL = 8;

class DockerRuntime implements Runtime {
  readonly kind = 'docker';
  readonly installId: string;
  private readonly engine: Engine;
  private readonly builder: NodeImageBuilder | undefined;

  constructor(private readonly options: DockerRuntimeOptions) {
    this.installId = options.installId;
    this.engine = new Engine(options.connection);
    this.builder = options.image === undefined && options.bundleFolder !== undefined ? new NodeImageBuilder(options.bundleFolder) : undefined;
  }

  capabilities(): Capabilities {
    return { isolates: true, restartsNodes: true, egress: 'relay' };
  }

  ping(call?: CallOptions): Promise<EngineInfo> {
    return this.engine.call('asking for the version', call, LOOK_MS, async (docker) => ({ version: (await docker.version()).Version, endpoint: this.engine.endpoint }));
  }

  capacity(call?: CallOptions): Promise<Capacity> {
    return this.engine.call('asking for the capacity', call, LOOK_MS, async (docker) => {
      const [info, nodes] = await Promise.all([docker.info() as Promise<{ NCPU: number; MemTotal: number }>, containersByLabel(docker, this.installId, 'node')]);
      return { cpus: info.NCPU, memoryBytes: info.MemTotal, nodes: nodes.length };
    });
  }

  async verifyHardening(call?: CallOptions): Promise<HardeningReport> {
    const { image } = await this.ensureImage(call);
    return this.engine.call('checking the restrictions', call, CHANGE_MS, (docker) => probeHardening(docker, this.installId, image));
  }

  async ensureImage(call?: CallOptions): Promise<EnsuredImage> {
    const given = this.options.image;
    if (given !== undefined) return this.engine.call(`looking for the image ${given}`, call, LOOK_MS, async (docker) => ({ image: given, imported: false, sizeBytes: (await docker.getImage(given).inspect()).Size }));
    if (this.builder === undefined) throw new RuntimeError('Unsupported', 'This runtime was given neither a bundle folder nor the name of an image.');
    const image = await this.builder.describe();
    return this.engine.call(`importing the image ${image.name}`, call, IMPORT_MS, (docker) => ensureImageAt(docker, image));
  }

  ensureNetwork(chainId: string, network: ChainNetwork, call?: CallOptions): Promise<void> {
    return this.engine.call(`making the network ${network.name}`, call, CHANGE_MS, (docker, signal) => ensureBridge(docker, { ...network, installId: this.installId, kind: 'network', chainId }, signal));
  }

  removeNetwork(name: string, call?: CallOptions): Promise<void> {
    return this.engine.call(`removing the network ${name}`, call, CHANGE_MS, async (docker) => {
      const found = await orMissing(docker.getNetwork(name).inspect() as Promise<{ Labels?: Record<string, string> }>);
      if (found === undefined) return;
      const chainId = found.Labels?.[LABELS.chain];
      if (found.Labels?.[LABELS.install] !== this.installId || chainId === undefined) throw new RuntimeError('Conflict', `The network ${name} is no chain's network of this install.`);
      await removeRelay(docker, this.installId, chainId);
      await orMissing(docker.getNetwork(name).remove());
    });
  }

  apply(spec: NodeSpec, call?: CallOptions): Promise<ObservedNode> {
    return this.engine.call(`starting node ${spec.nodeId}`, call, CHANGE_MS, async (docker, signal) => {
      if (spec.installId !== this.installId) throw new RuntimeError('Conflict', `The spec of ${spec.nodeId} is of another install.`);
      const options = nodeContainer(spec, this.options.bindAddress);
      const wanted = { installId: this.installId, name: nodeName(this.installId, spec.nodeId), options, limits: spec.limits, networks: [spec.network.name] };
      return observed(await applyContainer(docker, wanted, signal));
    });
  }

  get(nodeId: string, call?: CallOptions): Promise<ObservedNode> {
    return this.engine.call(`looking at node ${nodeId}`, call, LOOK_MS, async (docker) => {
      const info = await inspectOwn(docker, this.installId, nodeName(this.installId, nodeId));
      return info === undefined ? missingNode(nodeId) : observed(info);
    });
  }

  list(filter?: { chainId?: string }, call?: CallOptions): Promise<ObservedNode[]> {
    return this.engine.call('listing nodes', call, LOOK_MS, async (docker) => {
      const ids = await containersByLabel(docker, this.installId, 'node', filter?.chainId);
      const found = await mapBounded(ids, PARALLEL, (id) => orMissing(docker.getContainer(id).inspect()));
      return found.filter((info) => info !== undefined).map(observed).sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
    });
  }

  stop(nodeId: string, call?: CallOptions): Promise<void> {
    return this.engine.call(`stopping node ${nodeId}`, call, CHANGE_MS, async (docker) => {
      const info = await inspectOwn(docker, this.installId, nodeName(this.installId, nodeId));
      if (info !== undefined) await orMissing(orUnchanged(docker.getContainer(info.Id).stop({ t: 10 })));
    });
  }

  stopAll(call?: CallOptions): Promise<void> {
    return this.engine.call('stopping all nodes', call, CHANGE_MS, async (docker) => {
      const ids = [...(await containersByLabel(docker, this.installId, 'node')), ...(await containersByLabel(docker, this.installId, 'relay'))];
      await mapBounded(ids, PARALLEL, (id) => orMissing(orUnchanged(docker.getContainer(id).stop({ t: 10 }))));
    });
  }

  remove(nodeId: string, options: { volume: 'keep' | 'delete' }, call?: CallOptions): Promise<void> {
    return this.engine.call(`removing node ${nodeId}`, call, CHANGE_MS, async (docker) => {
      const info = await inspectOwn(docker, this.installId, nodeName(this.installId, nodeId));
      if (info !== undefined) await removeContainer(docker, info.Id);
      if (options.volume === 'keep') return;
      // By label, so that the volume also goes when the container went in an earlier call whose answer was lost.
      const { Volumes } = await docker.listVolumes({ filters: { label: [`${LABELS.install}=${this.installId}`, `${LABELS.kind}=volume`, `${LABELS.node}=${nodeId}`] } });
      for (const volume of Volumes ?? []) await orMissing(docker.getVolume(volume.Name).remove());
    });
  }

  endpoint(nodeId: string, call?: CallOptions): Promise<NodeEndpoint> {
    return this.engine.call(`looking at node ${nodeId}`, call, LOOK_MS, async (docker) => {
      const info = await inspectOwn(docker, this.installId, nodeName(this.installId, nodeId));
      if (info === undefined) throw new RuntimeError('NotFound', `There is no node ${nodeId}.`);
      return endpointOf(info);
    });
  }

  peerEndpoints(node: NodeAddress, from: { fromSameEngine: boolean }): string[] {
    return [from.fromSameEngine ? `${node.nodeId}:${CONTAINER_PORTS.peer}` : `${node.advertise}:${node.ports.peer}`];
  }

  ensureEgress(egress: EgressSpec, call?: CallOptions): Promise<Record<string, string[]>> {
    if (egress.peers.length === 0) return this.removeEgress(egress.chainId, call).then(() => ({}));
    return this.engine.call(`starting the relay of chain ${egress.chainId}`, call, CHANGE_MS, async (docker, signal) => {
      const wanted = relayContainer(this.installId, egress);
      await ensureBridge(docker, { name: egressNetworkName(this.installId), subnet: egress.egressSubnet, installId: this.installId, kind: 'egress' }, signal);
      await applyContainer(docker, wanted, signal);
      return Object.fromEntries(routesOf(egress.peers).map((route) => [route.nodeId, [`${RELAY_ALIAS}:${route.listen}`]]));
    });
  }

  removeEgress(chainId: string, call?: CallOptions): Promise<void> {
    return this.engine.call(`removing the relay of chain ${chainId}`, call, CHANGE_MS, (docker) => removeRelay(docker, this.installId, chainId));
  }

  logs(nodeId: string, options?: { tailLines?: number }, call?: CallOptions): Promise<string> {
    return this.engine.call(`reading the log of node ${nodeId}`, call, LOOK_MS, async (docker) => {
      const info = await inspectOwn(docker, this.installId, nodeName(this.installId, nodeId));
      if (info === undefined) throw new RuntimeError('NotFound', `There is no node ${nodeId}.`);
      return textOfFrames(await docker.getContainer(info.Id).logs({ stdout: true, stderr: true, tail: options?.tailLines ?? 200 }));
    });
  }

  listVolumes(filter?: { chainId?: string }, call?: CallOptions): Promise<VolumeInfo[]> {
    return this.engine.call('listing volumes', call, LOOK_MS, async (docker) => {
      const label = [`${LABELS.install}=${this.installId}`, `${LABELS.kind}=volume`, ...(filter?.chainId === undefined ? [] : [`${LABELS.chain}=${filter.chainId}`])];
      const { Volumes } = await docker.listVolumes({ filters: { label } });
      return (Volumes ?? []).map((volume) => ({ name: volume.Name, chainId: volume.Labels?.[LABELS.chain] ?? '', nodeId: volume.Labels?.[LABELS.node] ?? '' }));
    });
  }

  removeVolume(name: string, call?: CallOptions): Promise<void> {
    return this.engine.call(`removing the volume ${name}`, call, CHANGE_MS, async (docker) => {
      const found = await orMissing(docker.getVolume(name).inspect());
      if (found === undefined) return;
      if (found.Labels?.[LABELS.install] !== this.installId) throw new RuntimeError('Conflict', `The volume ${name} is not of this install.`);
      await orMissing(docker.getVolume(name).remove());
    });
  }

  async close(): Promise<void> {
    this.engine.close();
  }
}

/** Nodes as hardened containers at one Docker engine. */
export function createDockerRuntime(options: DockerRuntimeOptions): Runtime {
  return new DockerRuntime(options);
}
