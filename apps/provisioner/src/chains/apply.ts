import type { DataSource, EntityManager } from 'typeorm';
import { genesisFromJson, genesisToJson, to0x } from '#ledger';
import { ChainLeases, ChainObservations, PortAllocations, SubnetAllocations, withLease, type ChainLease, type NodeRecord } from '#persistence';
import { egressSubnet, networkName } from '#runtime';
import { ControlClient, type TlsIdentity } from '#sdk';
import { buildGenesis } from '../genesis/build-genesis.js';
import { enrolSecret } from '../reconcile/enrol-secret.js';
import type { Step } from '../reconcile/model.js';
import { portTaken } from '../sites/port-taken.js';
import { endpointsAt, nodeSpec, remotePeers, type NodeSettings } from './node-specs.js';
import { listenersOf, type Memory } from './observe.js';
import { rawKey, type ChainWorld, type Site } from './world.js';

const ENROL_ATTEMPTS = 200;
const ENROL_PAUSE_MS = 50;
const CONTROL_TIMEOUT_MS = 10_000;

/** Carries out single steps of a plan. Each may be done twice, and may die half-way. */
export class Apply {
  constructor(
    private readonly dataSource: DataSource,
    private readonly leases: ChainLeases,
    private readonly identity: TlsIdentity,
    private readonly settings: NodeSettings,
    private readonly memory: Memory,
  ) {}

  async step(step: Step, world: ChainWorld, lease: ChainLease): Promise<void> {
    switch (step.kind) {
      case 'prepareNodes': return this.prepareNodes(step.nodeIds, world, lease);
      case 'ensureImage': return this.ensureImage(siteOf(world, step.dataCenterId));
      case 'ensureNetwork': return this.ensureNetwork(siteOf(world, step.dataCenterId), world, lease);
      case 'applyNode': return this.applyNode(nodeOf(world, step.nodeId), world, lease);
      case 'enrolNode': return this.enrolNode(nodeOf(world, step.nodeId), world, lease);
      case 'writeGenesis': return this.writeGenesis(world, lease);
      case 'putGenesis': return this.tellNode(nodeOf(world, step.nodeId), world, lease, true);
      case 'putEndpoints': return this.tellNode(nodeOf(world, step.nodeId), world, lease, false);
      case 'removeNode': return this.removeNode(step.nodeId, siteOf(world, step.dataCenterId), lease);
      case 'removeNetwork': return this.removeNetwork(siteOf(world, step.dataCenterId), world, lease);
      case 'setStatus': return this.write(lease, (manager) => this.setStatus(manager, step, world));
      case 'wait':
      case 'settled': return;
    }
  }

  private write<T>(lease: ChainLease, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return withLease(this.dataSource, lease, work);
  }

  private async prepareNodes(nodeIds: readonly string[], world: ChainWorld, lease: ChainLease): Promise<void> {
    for (const nodeId of nodeIds) await this.choosePorts(nodeId, siteOf(world, nodeOf(world, nodeId).dataCenterId), lease);
  }

  /** Three ports of the data center that nothing else on its host listens on, as far as that can be seen from here. */
  private async choosePorts(nodeId: string, { dataCenter }: Site, lease: ChainLease): Promise<void> {
    const avoid: number[] = [];
    for (;;) {
      const ports = await this.write(lease, (manager) => new PortAllocations(manager).allocate(nodeId, dataCenter, avoid));
      const taken: number[] = [];
      for (const port of [ports.peer, ports.control, ports.rpc]) if (await portTaken(dataCenter.advertiseAddress, port)) taken.push(port);
      if (taken.length === 0) return;
      avoid.push(...taken);
      await this.write(lease, (manager) => new PortAllocations(manager).release(nodeId));
    }
  }

  private async ensureImage(site: Site): Promise<void> {
    const { image } = await site.runtime.ensureImage();
    this.memory.images.set(site.dataCenter.id, image);
  }

  private async ensureNetwork(site: Site, world: ChainWorld, lease: ChainLease): Promise<void> {
    const subnet = await this.subnetOf(site, world, lease);
    await site.runtime.ensureNetwork(world.chain.id, { name: networkName(this.settings.installId, world.chain.id), subnet });
    this.memory.networks.add(`${world.chain.id}/${site.dataCenter.id}`);
  }

  private async subnetOf(site: Site, world: ChainWorld, lease: ChainLease): Promise<string> {
    const subnet = await this.write(lease, (manager) => new SubnetAllocations(manager).allocate(world.chain.id, site.dataCenter));
    this.memory.subnets.set(`${world.chain.id}/${site.dataCenter.id}`, subnet);
    return subnet;
  }

  private async applyNode(node: NodeRecord, world: ChainWorld, lease: ChainLease): Promise<void> {
    const site = siteOf(world, node.dataCenterId);
    const image = this.memory.images.get(site.dataCenter.id);
    if (image === undefined) throw new Error(`the image is not ready at data center ${site.dataCenter.name}`);
    const spec = nodeSpec(this.settings, node, site, image, await this.subnetOf(site, world, lease));
    await this.leases.assertHeld(lease);
    const seen = await site.runtime.apply(spec);
    if (seen.state !== 'running') throw new Error(`node ${node.id} was started and is ${seen.state}: ${(await site.runtime.logs(node.id, { tailLines: 5 })).trim()}`);
    await this.write(lease, (manager) => new ChainObservations(manager).recordNode(node.id, { specHash: seen.specHash, volume: spec.volume }));
  }

  /** The node may not listen yet: asks until it does, for ten seconds. */
  private async enrolNode(node: NodeRecord, world: ChainWorld, lease: ChainLease): Promise<void> {
    const site = siteOf(world, node.dataCenterId);
    const { control } = await listenersOf(node, site, await site.runtime.get(node.id), this.memory);
    const client = new ControlClient(this.identity, { endpoints: control, publicKey: null }, CONTROL_TIMEOUT_MS);
    const publicKey = await untilListening(() => client.enrol(enrolSecret(this.settings.provisionerSeed, node.id)));
    await this.write(lease, (manager) => new ChainObservations(manager).recordNode(node.id, { publicKey: to0x(publicKey) }));
  }

  private async writeGenesis(world: ChainWorld, lease: ChainLease): Promise<void> {
    const nodes = world.nodes.filter((node) => node.wanted === 'running').map((node) => ({ ...node, publicKey: node.publicKey ?? '' }));
    const file = genesisToJson(buildGenesis({ ...world.chain, members: world.members, nodes }, BigInt(Date.now())));
    genesisFromJson(file);
    await this.write(lease, (manager) => new ChainObservations(manager).storeGenesis(world.chain.id, file.genesisHash, { ...file }));
  }

  /** Hands a node genesis and the endpoints of its peers, or only the latter. */
  private async tellNode(node: NodeRecord, world: ChainWorld, lease: ChainLease, withGenesis: boolean): Promise<void> {
    const site = siteOf(world, node.dataCenterId);
    const endpoints = endpointsAt(world, site, await this.remoteEndpoints(site, world, lease));
    const { control } = await listenersOf(node, site, await site.runtime.get(node.id), this.memory);
    const client = new ControlClient(this.identity, { endpoints: control, publicKey: rawKey(node) }, CONTROL_TIMEOUT_MS);
    if (withGenesis) await client.putGenesis(this.genesisFile(world), endpoints);
    else await client.putEndpoints(endpoints);
    this.memory.sentEndpoints.set(node.id, endpointsText(world));
  }

  /** Lets this site's nodes out to the chain's peers elsewhere, and to nothing else; answers what they dial. */
  private async remoteEndpoints(site: Site, world: ChainWorld, lease: ChainLease): Promise<Record<string, string[]>> {
    const image = this.memory.images.get(site.dataCenter.id);
    const peers = remotePeers(world, site);
    if (peers.length === 0 || image === undefined) return {};
    const network = { name: networkName(this.settings.installId, world.chain.id), subnet: await this.subnetOf(site, world, lease) };
    return site.runtime.ensureEgress({ chainId: world.chain.id, network, image, egressSubnet: egressSubnet(site.dataCenter.subnetPool), peers });
  }

  /** The stored genesis with the founders' signatures, which the gateway keeps beside it. */
  private genesisFile(world: ChainWorld): Record<string, unknown> {
    const founders = world.members.flatMap((member) => (member.founderSignature === null ? [] : [{ account: member.governanceAccount, signature: member.founderSignature }]));
    return { ...world.chain.genesisFile, founders };
  }

  private async removeNode(nodeId: string, site: Site, lease: ChainLease): Promise<void> {
    await this.leases.assertHeld(lease);
    await site.runtime.remove(nodeId, { volume: 'keep' });
    await this.write(lease, (manager) => new PortAllocations(manager).release(nodeId));
  }

  private async removeNetwork(site: Site, world: ChainWorld, lease: ChainLease): Promise<void> {
    await this.leases.assertHeld(lease);
    await site.runtime.removeNetwork(networkName(this.settings.installId, world.chain.id));
    await this.write(lease, (manager) => new SubnetAllocations(manager).release(world.chain.id, site.dataCenter.id));
    this.memory.removedNetworks.add(`${world.chain.id}/${site.dataCenter.id}`);
    this.memory.networks.delete(`${world.chain.id}/${site.dataCenter.id}`);
  }

  private async setStatus(manager: EntityManager, step: Extract<Step, { kind: 'setStatus' }>, world: ChainWorld): Promise<void> {
    await new ChainObservations(manager).recordChain(world.chain.id, {
      status: step.status,
      reason: step.status === 'failed' ? step.why : null,
      ...(step.status === 'running' ? { runningAt: new Date() } : {}),
    });
  }
}

/** What every node of the chain should know of its peers, as text to compare: it changes when a peer joins, leaves or moves. */
export function endpointsText(world: ChainWorld): string {
  return JSON.stringify(world.nodes.filter((node) => node.wanted === 'running').map((node) => [node.id, node.publicKey, node.ports, node.dataCenterId]));
}

function siteOf(world: ChainWorld, dataCenterId: string): Site {
  const site = world.sites.get(dataCenterId);
  if (site === undefined) throw new Error(`data center ${dataCenterId} cannot be used: ${world.siteProblems.get(dataCenterId) ?? 'it is not registered'}`);
  return site;
}

function nodeOf(world: ChainWorld, nodeId: string): NodeRecord {
  const node = world.nodes.find((one) => one.id === nodeId);
  if (node === undefined) throw new Error(`node ${nodeId} has no row`);
  return node;
}

async function untilListening<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      const starting = code === 'ECONNREFUSED' || code === 'ECONNRESET' || (error instanceof Error && error.message.includes('during the TLS handshake'));
      if (!starting || attempt >= ENROL_ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, ENROL_PAUSE_MS));
    }
  }
}
