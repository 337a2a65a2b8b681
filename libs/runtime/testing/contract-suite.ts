import { randomBytes } from 'node:crypto';
import { type ChainNetwork, DEFAULT_LIMITS, networkName, type NodeSpec, type Runtime, specHash, volumeName } from '../src/index.js';
import type { StandInState } from './stand-in.js';
import { eventually, fetchText } from './wait.js';

/** What a driver's test gives to the suite. */
export interface Harness {
  /** A new object on the same site for the same install: what a provisioner has after its restart. */
  open(installId: string): Runtime;
  advertise: string;
  /** Two disjoint subnets that are free at the site. */
  subnets: readonly [string, string];
  /** Whether nodes really listen; the fake's do not. */
  listens: boolean;
  freePort(): Promise<number>;
}

/** The contract of `port.ts`, over any driver. */
export function runtimeContract(name: string, prepare: () => Promise<Harness>, cleanUp: () => Promise<void>): void {
  describe(`runtime contract: ${name}`, () => {
    const installId = `t${randomBytes(4).toString('hex')}`;
    const chainId = 'chn_contract';
    let harness: Harness;
    let runtime: Runtime;
    let image: string;
    let network: ChainNetwork;

    const specOf = async (nodeId: string, change: Partial<NodeSpec> = {}): Promise<NodeSpec> => ({
      installId,
      chainId,
      nodeId,
      generation: 1,
      image,
      env: { WHO: nodeId },
      ports: { peer: await harness.freePort(), control: await harness.freePort(), rpc: await harness.freePort() },
      advertise: harness.advertise,
      network,
      limits: DEFAULT_LIMITS,
      volume: volumeName(installId, nodeId),
      ...change,
    });
    const stateOf = (nodeId: string): Promise<StandInState> =>
      eventually(async () => {
        const { host, rpc } = await runtime.endpoint(nodeId);
        return JSON.parse(await fetchText(host, rpc, '/')) as StandInState;
      });

    beforeAll(async () => {
      harness = await prepare();
      runtime = harness.open(installId);
      image = (await runtime.ensureImage()).image;
      network = { name: networkName(installId, chainId), subnet: harness.subnets[0] };
      await runtime.ensureNetwork(chainId, network);
    }, 120_000);

    afterAll(async () => {
      for (const node of await runtime.list()) await runtime.remove(node.nodeId, { volume: 'delete' });
      await runtime.removeNetwork(network.name);
      await runtime.close();
      await cleanUp();
    }, 60_000);

    test('answers, and tells its capacity', async () => {
      expect((await runtime.ping()).version).not.toBe('');
      const capacity = await runtime.capacity();
      expect(capacity.cpus).toBeGreaterThan(0);
      expect(capacity.memoryBytes).toBeGreaterThan(0);
    });

    test('ensureImage and ensureNetwork are idempotent; another subnet under the same name is a Conflict', async () => {
      expect(await runtime.ensureImage()).toMatchObject({ image, imported: false });
      await runtime.ensureNetwork(chainId, network);
      await expect(runtime.ensureNetwork(chainId, { ...network, subnet: harness.subnets[1] })).rejects.toMatchObject({ code: 'Conflict' });
      await expect(runtime.ensureNetwork('chn_other', { name: networkName(installId, 'chn_other'), subnet: network.subnet })).rejects.toMatchObject({ code: 'Conflict' });
    });

    test('apply starts a node, and once more changes nothing', async () => {
      const spec = await specOf('nod_a');
      expect(await runtime.get('nod_a')).toMatchObject({ state: 'missing', generation: 0 });
      const first = await runtime.apply(spec);
      expect(first).toMatchObject({ nodeId: 'nod_a', chainId, generation: 1, specHash: specHash(spec), state: 'running' });
      if (harness.listens) expect(await stateOf('nod_a')).toMatchObject({ starts: 1 });
      const again = await harness.open(installId).apply(structuredClone(spec));
      expect(again.startedAt).toBe(first.startedAt);
      expect(await runtime.list({ chainId })).toEqual([again]);
      expect(await runtime.list({ chainId: 'chn_none' })).toEqual([]);
    }, 30_000);

    test('a changed spec replaces the node and keeps its volume; an older generation is a Conflict', async () => {
      const spec = await specOf('nod_b');
      await runtime.apply(spec);
      if (harness.listens) await stateOf('nod_b');
      const changed = { ...spec, generation: 2, env: { WHO: 'b2' } };
      expect(await runtime.apply(changed)).toMatchObject({ generation: 2, specHash: specHash(changed), state: 'running' });
      if (harness.listens) expect(await stateOf('nod_b')).toMatchObject({ starts: 2, env: { WHO: 'b2' } });
      await expect(runtime.apply(spec)).rejects.toMatchObject({ code: 'Conflict' });
      expect(await runtime.get('nod_b')).toMatchObject({ generation: 2 });
    }, 30_000);

    test('stop wins until apply; stopping twice, or what is not there, succeeds', async () => {
      const spec = await specOf('nod_c');
      await runtime.apply(spec);
      if (harness.listens) await stateOf('nod_c');
      await runtime.stop('nod_c');
      await runtime.stop('nod_c');
      await runtime.stop('nod_never');
      expect(await runtime.get('nod_c')).toMatchObject({ state: 'exited' });
      expect(await runtime.apply(spec)).toMatchObject({ state: 'running' });
    }, 30_000);

    test('a port that is taken is a Conflict, and another port then works', async () => {
      const taken = await specOf('nod_d');
      await runtime.apply(taken);
      if (harness.listens) await stateOf('nod_d');
      const spec = await specOf('nod_e');
      await expect(runtime.apply({ ...spec, ports: { ...spec.ports, rpc: taken.ports.rpc } })).rejects.toMatchObject({ code: 'Conflict' });
      expect(await runtime.apply(spec)).toMatchObject({ state: 'running' });
    }, 30_000);

    test('endpoints: published ports at the advertised address; unknown nodes are NotFound', async () => {
      const spec = await specOf('nod_f');
      await runtime.apply(spec);
      expect(await runtime.endpoint('nod_f')).toMatchObject({ host: harness.advertise, ...spec.ports });
      expect(runtime.peerEndpoints(spec, { fromSameEngine: false })).toEqual([`${harness.advertise}:${spec.ports.peer}`]);
      expect(runtime.peerEndpoints(spec, { fromSameEngine: true })).toHaveLength(1);
      await expect(runtime.endpoint('nod_never')).rejects.toMatchObject({ code: 'NotFound' });
      await expect(runtime.logs('nod_never')).rejects.toMatchObject({ code: 'NotFound' });
      const log = await eventually(async () => (await runtime.logs('nod_f')) || undefined);
      expect(log).toContain(harness.listens ? 'stand-in nod_f start 1\n' : 'nod_f');
    }, 30_000);

    test('remove keeps the volume or deletes it; a node that comes back finds what was kept', async () => {
      const spec = await specOf('nod_g');
      await runtime.apply(spec);
      if (harness.listens) await stateOf('nod_g');
      await expect(runtime.removeVolume(spec.volume)).rejects.toMatchObject({ code: 'Conflict' });
      await runtime.remove('nod_g', { volume: 'keep' });
      await runtime.remove('nod_g', { volume: 'keep' });
      expect(await runtime.get('nod_g')).toMatchObject({ state: 'missing' });
      expect(await runtime.listVolumes({ chainId })).toContainEqual({ name: spec.volume, chainId, nodeId: 'nod_g' });
      await runtime.apply(spec);
      if (harness.listens) expect(await stateOf('nod_g')).toMatchObject({ starts: 2 });
      await runtime.remove('nod_g', { volume: 'delete' });
      expect(await runtime.listVolumes()).not.toContainEqual(expect.objectContaining({ nodeId: 'nod_g' }));
      await runtime.removeVolume(spec.volume);
    }, 30_000);

    test('another install sees none of it and touches none of it', async () => {
      const other = harness.open(`x${installId}`);
      await expect(other.apply(await specOf('nod_a'))).rejects.toMatchObject({ code: 'Conflict' });
      const seen = await other.list().catch((error: { code: string }) => error.code);
      expect(seen === 'Conflict' || (Array.isArray(seen) && seen.length === 0)).toBe(true);
      await other.close();
    });

    test('an aborted call ends with Timeout', async () => {
      const spec = await specOf('nod_h');
      await expect(runtime.apply(spec, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'Timeout' });
      expect(await runtime.get('nod_h')).toMatchObject({ state: 'missing' });
    });

    test('a network with nodes is not removed', async () => {
      await expect(runtime.removeNetwork(network.name)).rejects.toMatchObject({ code: 'Conflict' });
    });

    test('stopAll stops every node, also for a runtime that did not start them', async () => {
      await harness.open(installId).stopAll();
      expect((await runtime.list()).map((node) => node.state).filter((state) => state === 'running')).toEqual([]);
    }, 30_000);
  });
}
