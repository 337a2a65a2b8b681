import type { DesiredChain, DesiredNode, Observed, ObservedControl, ObservedDataCenter, ObservedMember, Step } from './model.js';
import { plan } from './plan.js';

const node = (id: string, changes: Partial<DesiredNode> = {}): DesiredNode => ({
  id, dataCenterId: 'dc1', kind: 'validator', power: 1n, wanted: 'running', publicKey: `key-${id}`, hasPorts: true, ...changes,
});
const FOUR = ['a', 'b', 'c', 'd'];
const chain = (changes: Partial<DesiredChain> = {}): DesiredChain => ({
  id: 'chn', status: 'provisioning', faultModel: 'BFT', deleteWanted: false, hasGenesis: true, unsignedFounders: [], nodes: FOUR.map((id) => node(id)), ...changes,
});
const site = (changes: Partial<ObservedDataCenter> = {}): ObservedDataCenter => ({ reachable: true, imageReady: true, networkReady: true, strays: [], ...changes });
const control = (changes: Partial<ObservedControl> = {}): ObservedControl => ({
  phase: 'running', genesisHash: 'g', height: 1n, headHash: 'h', endpointsCurrent: true, ...changes,
});
const up = (changes: Partial<ObservedControl> = {}): ObservedMember => ({ container: 'running', control: control(changes) });
const seen = (nodes: Record<string, ObservedMember>, sites: Record<string, ObservedDataCenter> = { dc1: site() }): Observed => ({
  dataCenters: new Map(Object.entries(sites)), nodes: new Map(Object.entries(nodes)),
});
const all = (member: ObservedMember): Record<string, ObservedMember> => Object.fromEntries(FOUR.map((id) => [id, member]));
/** Steps as short text, so that a row of the table reads as a sentence. */
const brief = (steps: readonly Step[]): string[] =>
  steps.map((step) => {
    if (step.kind === 'setStatus') return `status ${step.status}`;
    if ('nodeIds' in step) return `${step.kind} ${step.nodeIds.join(' ')}`;
    if ('nodeId' in step) return `${step.kind} ${step.nodeId}`;
    return 'dataCenterId' in step ? `${step.kind} ${step.dataCenterId}` : step.kind;
  });

interface Row {
  it: string;
  chain?: Partial<DesiredChain>;
  observed: Observed;
  expect: string[];
}

const rows: Row[] = [
  { it: 'begins', chain: { status: 'pending' }, observed: seen({}), expect: ['status provisioning'] },
  {
    it: 'prepares ports, image and network at the same time, before any node',
    chain: { nodes: FOUR.map((id) => node(id, { hasPorts: false, publicKey: null })) },
    observed: seen({}, { dc1: site({ imageReady: false, networkReady: false }) }),
    expect: ['prepareNodes a b c d', 'ensureImage dc1', 'ensureNetwork dc1'],
  },
  {
    it: 'prepares each data center of a chain once',
    chain: { nodes: [node('a'), node('b', { dataCenterId: 'dc2' }), node('c', { dataCenterId: 'dc2' })] },
    observed: seen({}, { dc1: site({ imageReady: false }), dc2: site({ networkReady: false }) }),
    expect: ['ensureImage dc1', 'ensureNetwork dc2'],
  },
  { it: 'starts all nodes in one go', observed: seen({}), expect: FOUR.map((id) => `applyNode ${id}`) },
  {
    it: 'starts only what does not run: missing, created, exited, stale',
    observed: seen({ a: { container: 'created', control: null }, b: { container: 'exited', control: null }, c: { container: 'stale', control: null }, d: up() }),
    expect: ['applyNode a', 'applyNode b', 'applyNode c'],
  },
  { it: 'waits for a data center that does not answer, before the chain runs', observed: seen({}, { dc1: site({ reachable: false, reason: 'refused' }) }), expect: ['wait'] },
  { it: 'waits for a data center without a row', observed: seen({}, {}), expect: ['wait'] },
  {
    it: 'enrols the nodes whose key is unknown',
    chain: { hasGenesis: false, nodes: [node('a'), node('b', { publicKey: null }), node('c', { publicKey: null })] },
    observed: seen(all(up({ phase: 'waiting', height: 0n }))),
    expect: ['enrolNode b', 'enrolNode c'],
  },
  {
    it: 'waits when a node that is not enrolled cannot be read',
    chain: { hasGenesis: false, nodes: [node('a', { publicKey: null })] },
    observed: seen({ a: { container: 'unknown', control: null } }),
    expect: ['wait'],
  },
  { it: 'writes genesis once every key is known', chain: { hasGenesis: false }, observed: seen(all(up({ phase: 'waiting' }))), expect: ['writeGenesis'] },
  { it: 'asks the founders', chain: { unsignedFounders: ['0x1'] }, observed: seen(all(up({ phase: 'waiting' }))), expect: ['status awaitingFounders'] },
  { it: 'waits for the founders, and hands out no genesis', chain: { status: 'awaitingFounders', unsignedFounders: ['0x1'] }, observed: seen(all(up({ phase: 'waiting' }))), expect: ['wait'] },
  { it: 'starts when the last founder has signed', chain: { status: 'awaitingFounders' }, observed: seen(all(up({ phase: 'waiting' }))), expect: ['status starting'] },
  {
    it: 'hands genesis to those that have none',
    chain: { status: 'starting' },
    observed: seen({ ...all(up({ phase: 'waiting', height: 0n })), b: up({ height: 0n }) }),
    expect: ['putGenesis a', 'putGenesis c', 'putGenesis d'],
  },
  { it: 'is not running before a quorum has block 1 (2 of 4)', chain: { status: 'starting' }, observed: seen({ ...all(up({ height: 0n })), a: up(), b: up() }), expect: ['wait'] },
  { it: 'is running when a quorum has block 1 (3 of 4)', chain: { status: 'starting' }, observed: seen({ ...all(up()), a: up({ height: 0n }) }), expect: ['status running'] },
  {
    it: 'counts power, not nodes',
    chain: { status: 'starting', nodes: [node('a', { power: 9n }), node('b'), node('c'), node('d')] },
    observed: seen({ ...all(up()), a: up({ height: 0n }) }),
    expect: ['wait'],
  },
  { it: 'counts no observers', chain: { status: 'starting', nodes: [node('a'), node('b', { kind: 'observer', power: 0n })] }, observed: seen({ ...all(up({ height: 0n })), a: up() }), expect: ['status running'] },
  { it: 'needs only a majority under CFT (3 of 5)', chain: { status: 'starting', faultModel: 'CFT', nodes: [...FOUR, 'e'].map((id) => node(id)) }, observed: seen({ a: up(), b: up(), c: up(), d: up({ height: 0n }), e: up({ height: 0n }) }), expect: ['status running'] },
  { it: 'fails when a node halted before the chain ran', chain: { status: 'starting' }, observed: seen({ ...all(up({ height: 0n })), a: up({ phase: 'halted', height: 0n, reason: 'x' }) }), expect: ['status failed'] },
  { it: 'touches a failed chain no more', chain: { status: 'failed' }, observed: seen({}), expect: ['settled'] },
  { it: 'settles', chain: { status: 'running' }, observed: seen(all(up())), expect: ['settled'] },
  { it: 'starts a killed node of a running chain again', chain: { status: 'running' }, observed: seen({ ...all(up()), c: { container: 'exited', control: null } }), expect: ['applyNode c'] },
  {
    it: 'tells nodes of moved endpoints',
    chain: { status: 'running' },
    observed: seen({ ...all(up()), c: up({ endpointsCurrent: false }) }),
    expect: ['putEndpoints c'],
  },
  {
    it: 'leaves a running chain alone where its data center does not answer',
    chain: { status: 'running' },
    observed: seen(all({ container: 'unknown', control: null }), { dc1: site({ reachable: false }) }),
    expect: ['settled'],
  },
  { it: 'removes what its member removed', chain: { status: 'running', nodes: [node('a'), node('b', { wanted: 'removed' })] }, observed: seen({ a: up(), b: up() }), expect: ['removeNode b'] },
  { it: 'removes what nobody wanted', chain: { status: 'running' }, observed: seen(all(up()), { dc1: site({ strays: ['z'] }) }), expect: ['removeNode z'] },
  { it: 'says that it is deleting before it removes anything', chain: { status: 'running', deleteWanted: true }, observed: seen(all(up())), expect: ['status deleting'] },
  { it: 'deletes nodes', chain: { status: 'deleting', deleteWanted: true }, observed: seen({ a: up(), b: { container: 'exited', control: null } }), expect: ['removeNode a', 'removeNode b'] },
  { it: 'then networks', chain: { status: 'deleting', deleteWanted: true }, observed: seen({}), expect: ['removeNetwork dc1'] },
  { it: 'then is deleted', chain: { status: 'deleting', deleteWanted: true }, observed: seen({}, { dc1: site({ networkReady: false }) }), expect: ['status deleted'] },
  { it: 'does not call deleted what it cannot see', chain: { status: 'deleting', deleteWanted: true }, observed: seen({}, { dc1: site({ reachable: false }) }), expect: ['wait'] },
  { it: 'deletes a chain that failed', chain: { status: 'failed', deleteWanted: true }, observed: seen({}), expect: ['status deleting'] },
  { it: 'leaves a deleted chain alone', chain: { status: 'deleted', deleteWanted: true }, observed: seen({}, { dc1: site({ networkReady: false }) }), expect: ['settled'] },
];

describe('plan', () => {
  it.each(rows)('$it', (row) => {
    expect(brief(plan(chain(row.chain), row.observed))).toEqual(row.expect);
  });
});
