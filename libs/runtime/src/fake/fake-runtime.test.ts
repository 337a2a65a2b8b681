import { runtimeContract } from '../../testing/contract-suite.js';
import { createFakeRuntime, createFakeSite, DEFAULT_LIMITS, type FakeSite, faultAt, networkName, type NodeSpec, type Runtime, volumeName } from '../index.js';

const shared = createFakeSite();
let next = 20_000;
runtimeContract(
  'fake',
  async () => ({ open: (installId) => createFakeRuntime({ installId, site: shared }), advertise: '127.0.0.1', subnets: ['10.0.0.0/27', '10.0.0.32/27'], listens: false, freePort: async () => next++ }),
  async () => undefined,
);

/** A provision and a deletion, each call repeated until it succeeds. */
async function liveAndDie(runtime: Runtime, spec: NodeSpec): Promise<void> {
  const again = async (work: () => Promise<unknown>): Promise<void> => {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        await work();
        return;
      } catch (error) {
        if (attempt === 2) throw error;
      }
    }
  };
  await again(() => runtime.ensureImage());
  await again(() => runtime.ensureNetwork(spec.chainId, spec.network));
  await again(() => runtime.apply(spec));
  await again(() => runtime.apply({ ...spec, generation: 2 }));
  await again(() => runtime.stop(spec.nodeId));
  await again(() => runtime.remove(spec.nodeId, { volume: 'delete' }));
  await again(() => runtime.removeNetwork(spec.network.name));
}

const isEmpty = (site: FakeSite): boolean => site.nodes.size + site.networks.size + site.volumes.size === 0;

test.each(['before', 'after'] as const)('every call may fail %s its effect: repeating it is enough', async (fault) => {
  const spec: NodeSpec = { installId: 'i1', chainId: 'c1', nodeId: 'n1', generation: 1, image: 'stele-node:fake', env: {}, ports: { peer: 1, control: 2, rpc: 3 }, advertise: '127.0.0.1', network: { name: networkName('i1', 'c1'), subnet: '10.0.0.0/27' }, limits: DEFAULT_LIMITS, volume: volumeName('i1', 'n1') };
  for (let index = 0; index < 8; index++) {
    const site = createFakeSite();
    await liveAndDie(createFakeRuntime({ installId: 'i1', site, faults: faultAt(index, fault) }), spec);
    expect(isEmpty(site)).toBe(true);
  }
});

test('a full site is Exhausted', async () => {
  const runtime = createFakeRuntime({ installId: 'i1', site: createFakeSite({ room: 0 }) });
  const { image } = await runtime.ensureImage();
  const network = { name: networkName('i1', 'c1'), subnet: '10.0.0.0/27' };
  await runtime.ensureNetwork('c1', network);
  await expect(runtime.apply({ installId: 'i1', chainId: 'c1', nodeId: 'n1', generation: 1, image, env: {}, ports: { peer: 1, control: 2, rpc: 3 }, advertise: '127.0.0.1', network, limits: DEFAULT_LIMITS, volume: 'v' })).rejects.toMatchObject({ code: 'Exhausted' });
});
