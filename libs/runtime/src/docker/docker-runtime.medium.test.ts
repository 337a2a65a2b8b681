/** Against real engines, each on a network namespace of its own as on a host of its own. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { describeWithEngines, type EngineTls, startTestEngines, type TestEngine } from '../../../../scripts/docker/test-engines.js';
import { runtimeContract } from '../../testing/contract-suite.js';
import { writeStandIn } from '../../testing/stand-in.js';
import { TestAuthority } from '../../testing/test-authority.js';
import { eventually, fetchText } from '../../testing/wait.js';
import { CONTAINER_PORTS, createDockerRuntime, DEFAULT_LIMITS, egressSubnet, networkName, nodeName, type NodeSpec, pickSubnet, type Runtime, volumeName } from '../index.js';
import { applyContainer } from './apply.js';
import { nodeContainer } from './container-spec.js';
import { endpointOf } from './observe.js';

let nextPort = 21_000;

describeWithEngines(describe)('docker driver', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stele-docker-'));
  const bundleFolder = writeStandIn(join(folder, 'bundle'));
  const installId = `d${randomBytes(4).toString('hex')}`;
  let engines: TestEngine[] = [];
  const open = (site: number, install = installId): Runtime => createDockerRuntime({ installId: install, connection: { socketPath: String(engines[site]?.socketPath) }, bundleFolder });
  const docker = (site: number): Docker => new Docker({ socketPath: engines[site]?.socketPath });

  const authority = new TestAuthority(join(folder, 'authority'));

  beforeAll(async () => {
    engines = await startTestEngines(2, { tls: (advertise) => authority.issue('server', advertise) });
  }, 60_000);
  afterAll(async () => {
    await Promise.all(engines.map((engine) => engine.stop()));
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  runtimeContract(
    'docker',
    async () => ({ open: (install) => open(0, install), advertise: String(engines[0]?.advertise), subnets: ['10.213.200.0/27', '10.213.200.32/27'], listens: true, freePort: async () => nextPort++ }),
    async () => undefined,
  );

  /** A chain's place at one engine. */
  async function specFor(site: number, chainId: string, nodeId: string, subnet: string): Promise<NodeSpec> {
    const runtime = open(site);
    const { image } = await runtime.ensureImage();
    const network = { name: networkName(installId, chainId), subnet };
    await runtime.ensureNetwork(chainId, network);
    const ports = { peer: nextPort++, control: nextPort++, rpc: nextPort++ };
    return { installId, chainId, nodeId, generation: 1, image, env: { WHO: nodeId }, ports, advertise: String(engines[site]?.advertise), network, limits: DEFAULT_LIMITS, volume: volumeName(installId, nodeId) };
  }

  /** What a node gets when it dials `host:port`. */
  function dialFrom(spec: NodeSpec, host: string, port: number): Promise<string> {
    return eventually(() => fetchText(spec.advertise, spec.ports.rpc, `/dial?host=${host}&port=${port}`));
  }

  test('the image: imported once, four nodes start at a time', async () => {
    const runtime = open(1);
    const started = performance.now();
    const image = await runtime.ensureImage();
    const importMs = performance.now() - started;
    expect(image.imported).toBe(true);
    const specs = await Promise.all([0, 1, 2, 3].map((index) => specFor(1, 'chn_speed', `nod_s${index}`, '10.213.0.0/27')));
    const before = performance.now();
    await Promise.all(specs.map((spec) => runtime.apply(spec)));
    const startMs = performance.now() - before;
    await Promise.all(specs.map((spec) => eventually(() => fetchText(spec.advertise, spec.ports.rpc, '/'))));
    const answerMs = performance.now() - before;
    process.stderr.write(`image ${(image.sizeBytes / 1e6).toFixed(0)} MB, hash and import ${importMs.toFixed(0)} ms; 4 containers started ${startMs.toFixed(0)} ms, answering ${answerMs.toFixed(0)} ms\n`);
    await Promise.all(specs.map((spec) => runtime.remove(spec.nodeId, { volume: 'delete' })));
    await runtime.removeNetwork(networkName(installId, 'chn_speed'));
  }, 60_000);

  test('every restriction holds, seen from the engine and from inside', async () => {
    const report = await open(0).verifyHardening();
    expect(report.dropped).toEqual([]);
    expect(report.checked.length).toBeGreaterThan(20);
    expect((await docker(0).listVolumes({ filters: { label: ['stele.kind=probe'] } })).Volumes).toEqual([]);
  }, 60_000);

  test('a container that runs without a restriction is removed and refused', async () => {
    const spec = await specFor(0, 'chn_weak', 'nod_weak', '10.213.1.0/27');
    const options = nodeContainer(spec, undefined);
    const weakened = { ...options, HostConfig: { ...options.HostConfig, CapDrop: [], PidsLimit: 0 } };
    const wanted = { installId, name: nodeName(installId, spec.nodeId), options: weakened, limits: spec.limits, networks: [spec.network.name] };
    await expect(applyContainer(docker(0), wanted, AbortSignal.timeout(20_000))).rejects.toMatchObject({ code: 'Hardening', message: expect.stringContaining('all capabilities dropped, limit of processes') as string });
    expect(await open(0).get('nod_weak')).toMatchObject({ state: 'missing' });
    await open(0).remove('nod_weak', { volume: 'delete' });
    await open(0).removeNetwork(spec.network.name);
  }, 60_000);

  test('a container made by a call whose answer was lost is adopted; one of another spec is replaced', async () => {
    const spec = await specFor(0, 'chn_adopt', 'nod_adopt', '10.213.1.32/27');
    const made = await docker(0).createContainer(nodeContainer(spec, undefined));
    expect(await open(0).get('nod_adopt')).toMatchObject({ state: 'created' });
    expect(await open(0).apply(spec)).toMatchObject({ state: 'running' });
    expect((await docker(0).getContainer(nodeName(installId, 'nod_adopt')).inspect()).Id).toBe(made.id);
    await eventually(() => fetchText(spec.advertise, spec.ports.rpc, '/'));
    await Promise.all([1, 2, 3].map(() => open(0).apply({ ...spec, generation: 2 })));
    expect(await open(0).list({ chainId: 'chn_adopt' })).toEqual([expect.objectContaining({ generation: 2, state: 'running' })]);
    await eventually(() => fetchText(spec.advertise, spec.ports.rpc, '/'));
    await open(0).remove('nod_adopt', { volume: 'delete' });
    await open(0).removeNetwork(spec.network.name);
  }, 60_000);

  test('an engine that is not there is Unreachable; one that hangs ends with Timeout', async () => {
    const gone = createDockerRuntime({ installId, connection: { socketPath: join(folder, 'none.sock') }, bundleFolder });
    await expect(gone.ping()).rejects.toMatchObject({ code: 'Unreachable' });
    const socketPath = join(folder, 'hangs.sock');
    const silent = createServer(() => undefined).listen(socketPath);
    const hangs = createDockerRuntime({ installId, connection: { socketPath }, bundleFolder });
    await expect(hangs.ping({ timeoutMs: 200 })).rejects.toMatchObject({ code: 'Timeout' });
    await hangs.close();
    silent.close();
  });

  test('a node that crashes is started again by the engine; one that was stopped is not', async () => {
    const spec = await specFor(0, 'chn_crash', 'nod_crash', '10.213.1.64/27');
    const runtime = open(0);
    await runtime.apply(spec);
    await eventually(() => fetchText(spec.advertise, spec.ports.rpc, '/'));
    await fetchText(spec.advertise, spec.ports.rpc, '/crash').catch(() => undefined);
    expect(await eventually(async () => JSON.parse(await fetchText(spec.advertise, spec.ports.rpc, '/')) as unknown)).toMatchObject({ starts: 2 });
    expect(await runtime.get('nod_crash')).toMatchObject({ state: 'running', restarts: 1 });
    await runtime.stop('nod_crash');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await runtime.get('nod_crash')).toMatchObject({ state: 'exited' });
    await runtime.remove('nod_crash', { volume: 'delete' });
    await runtime.removeNetwork(spec.network.name);
  }, 60_000);

  test('an engine over TCP is reached with mutual TLS, and not without', async () => {
    const host = String(engines[0]?.advertise);
    const over = (tls: EngineTls): Runtime => createDockerRuntime({ installId, connection: { host, port: 2376, ...tls }, bundleFolder });
    const runtime = over(authority.issue('client', 'provisioner'));
    expect(await runtime.ping()).toMatchObject({ endpoint: `tcp://${host}:2376` });
    await runtime.close();
    const strangers = new TestAuthority(join(folder, 'strangers'));
    const stranger = over({ ...strangers.issue('client', 'provisioner'), ca: authority.issue('client', 'x').ca });
    await expect(stranger.ping()).rejects.toMatchObject({ code: 'Unreachable' });
    const misled = over({ ...authority.issue('client', 'provisioner'), ca: strangers.issue('client', 'x').ca });
    await expect(misled.ping()).rejects.toMatchObject({ code: 'Unreachable' });
  }, 30_000);

  describe('networks (docs/adr/0003)', () => {
    let a1: NodeSpec;
    let a2: NodeSpec;
    let b1: NodeSpec;
    let far: NodeSpec;
    let world: Server;
    const WORLD_PORT = 23_999;

    beforeAll(async () => {
      a1 = await specFor(0, 'chn_a', 'nod_a1', '10.213.2.0/27');
      a2 = await specFor(0, 'chn_a', 'nod_a2', '10.213.2.0/27');
      b1 = await specFor(0, 'chn_b', 'nod_b1', '10.213.2.32/27');
      // The same subnet as chain b's at the other engine: sites do not know of each other's pools.
      far = await specFor(1, 'chn_a', 'nod_far', '10.213.2.32/27');
      await Promise.all([open(0).apply(a1), open(0).apply(a2), open(0).apply(b1), open(1).apply(far)]);
      await Promise.all([a1, a2, b1, far].map((spec) => eventually(() => fetchText(spec.advertise, spec.ports.rpc, '/'))));
      world = createServer((socket) => socket.on('error', () => socket.destroy()).on('data', (data) => socket.write(`world heard ${data.toString()}`)));
      await new Promise<void>((resolve) => world.listen(WORLD_PORT, '0.0.0.0', resolve));
    }, 60_000);
    afterAll(async () => {
      world.close();
      for (const [site, spec] of [[0, a1], [0, a2], [0, b1], [1, far]] as const) await open(site).remove(spec.nodeId, { volume: 'delete' });
      for (const [site, spec] of [[0, a1], [0, b1], [1, far]] as const) await open(site).removeNetwork(spec.network.name);
    }, 60_000);

    const inspect = (site: number, spec: NodeSpec): Promise<Docker.ContainerInspectInfo> => docker(site).getContainer(nodeName(installId, spec.nodeId)).inspect();
    const addressOf = async (site: number, spec: NodeSpec): Promise<string> => String((await inspect(site, spec)).NetworkSettings.Networks[spec.network.name]?.IPAddress);

    test('a container’s own address is named only where its bridge is on this machine', async () => {
      expect((await open(0).endpoint('nod_a1')).internal).toBeUndefined();
      const info = await inspect(0, a1);
      expect(endpointOf(info, ['10.213.2.1']).internal).toEqual({ host: await addressOf(0, a1), ...CONTAINER_PORTS });
    });

    test('peers of a chain at one engine reach each other by name', async () => {
      const [endpoint = ''] = open(0).peerEndpoints(a2, { fromSameEngine: true });
      const [host = '', port] = endpoint.split(':');
      expect(await dialFrom(a1, host, Number(port))).toContain('nod_a2 heard hello');
    }, 20_000);

    test('published ports answer from outside', async () => {
      expect(await eventually(() => fetchText(far.advertise, far.ports.control, '/'))).toContain('nod_far');
    }, 20_000);

    test('another chain’s nodes are reached neither by address nor by name nor by their published port', async () => {
      expect(await dialFrom(b1, await addressOf(0, a1), 7400)).toMatch(/timeout|EHOSTUNREACH|ENETUNREACH/);
      expect(await dialFrom(b1, 'nod_a1', 7400)).toMatch(/ENOTFOUND|EAI_AGAIN|timeout/);
      expect(await dialFrom(b1, a1.advertise, a1.ports.peer)).not.toContain('heard');
    }, 30_000);

    test('the world outside is not reached, which a masqueraded network would', async () => {
      const outside = String(engines[0]?.outside);
      expect(await dialFrom(a1, outside, WORLD_PORT)).toBe('timeout');
      expect(await dialFrom(a1, far.advertise, far.ports.peer)).toBe('timeout');
      const open0 = docker(0);
      const plain = await open0.createNetwork({ Name: 'plain', IPAM: { Config: [{ Subnet: '10.213.3.0/27' }] } });
      const options = nodeContainer({ ...a1, nodeId: 'nod_plain', ports: { peer: nextPort++, control: nextPort++, rpc: nextPort++ }, network: { name: 'plain', subnet: '10.213.3.0/27' }, volume: 'plain-data' }, undefined);
      const container = await open0.createContainer(options);
      await container.start();
      const port = Number((options.HostConfig?.PortBindings as Record<string, { HostPort: string }[]>)['7402/tcp']?.[0]?.HostPort);
      expect(await eventually(() => fetchText(a1.advertise, port, `/dial?host=${outside}&port=${WORLD_PORT}`))).toContain('world heard hello');
      await container.remove({ force: true });
      await plain.remove();
    }, 30_000);

    test('a chain across two engines: the relay reaches the listed peer, and nothing else', async () => {
      const egress = { chainId: 'chn_a', network: a1.network, image: a1.image, egressSubnet: egressSubnet(String(engines[0]?.subnetPool)) };
      const peer = { nodeId: 'nod_far', host: far.advertise, port: far.ports.peer };
      const routes = await open(0).ensureEgress({ ...egress, peers: [peer] });
      const [host = '', port] = String(routes['nod_far']?.[0]).split(':');
      const reached = (text: string): string | undefined => (text.includes('nod_far heard hello') ? text : undefined);
      await eventually(async () => reached(await dialFrom(a1, host, Number(port))));
      await eventually(async () => reached(await dialFrom(a2, host, Number(port))));
      // Only what is listed: no other port of the relay, no way through it, and not for another chain.
      expect(await dialFrom(a1, host, Number(port) + 1)).toBe('ECONNREFUSED');
      expect(await dialFrom(a1, String(engines[0]?.outside), WORLD_PORT)).toBe('timeout');
      const relay = await docker(0).getContainer(`stele-${installId}-chn_a-relay`).inspect();
      for (const { IPAddress } of Object.values(relay.NetworkSettings.Networks)) expect(await dialFrom(b1, IPAddress, Number(port))).toMatch(/timeout|EHOSTUNREACH|ECONNREFUSED/);
      expect(await open(0).ensureEgress({ ...egress, peers: [peer] })).toEqual(routes);
      expect((await docker(0).getContainer(relay.Id).inspect()).State.StartedAt).toBe(relay.State.StartedAt);
      await expect(open(0).ensureEgress({ ...egress, peers: [{ ...peer, host: '127.0.0.1' }] })).rejects.toMatchObject({ code: 'Unsupported' });
      await open(0).removeEgress('chn_a');
      expect(await docker(0).listContainers({ all: true, filters: { label: ['stele.kind=relay'] } })).toEqual([]);
      expect(await docker(0).listNetworks({ filters: { label: ['stele.kind=egress'] } })).toEqual([]);
    }, 60_000);
  });

  test('a pool of /27s is handed out without clashes', async () => {
    const first = String(pickSubnet('10.213.0.0/16', []));
    expect(pickSubnet('10.213.0.0/16', [first])).not.toBe(first);
  });
});
