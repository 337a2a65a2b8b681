import { WebSocket } from 'ws';
import { loadOrCreateSeed, makeIdentity } from '#sdk';
import { seedChain, seedDataCenter } from '../../../../libs/persistence/testing/index.js';
import { TestGateway, type Person } from '../../testing/test-gateway.js';
import { TestNode } from '../../testing/test-node.js';

let stele: TestGateway;
let owner: Person;
let dataCenter: string;
let nodes: TestNode[];
let chainId: string;

/** A running chain of such nodes. */
async function chainOf(names: readonly string[]): Promise<{ chainId: string; nodes: TestNode[] }> {
  const gatewayKey = (await makeIdentity(loadOrCreateSeed(stele.home, 'gateway'))).publicKey;
  const started = await Promise.all(names.map((name) => TestNode.start(name, gatewayKey)));
  const made = await seedChain(stele.database.gateway, owner, dataCenter, started.length);
  for (const [index, row] of made.nodes.entries()) {
    const { publicKey, endpoint } = started[index] as TestNode;
    await stele.database.provisioner.query(`update chain_nodes set public_key = $2, endpoints = $3, status = 'running' where id = $1`, [row.id, publicKey, { rpc: [endpoint] }]);
  }
  await stele.database.provisioner.query(`update chains set status = 'running' where id = $1`, [made.chain.id]);
  return { chainId: made.chain.id, nodes: started };
}

beforeAll(async () => {
  stele = await TestGateway.start();
  owner = await stele.tenant();
  dataCenter = (await seedDataCenter(stele.database.gateway, (await stele.platformAdmin()).userId)).id;
  ({ chainId, nodes } = await chainOf(['a', 'b']));
}, 60_000);
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.kill()));
  await stele.stop();
});

async function open(chain = chainId): Promise<{ socket: WebSocket; next: () => Promise<unknown> }> {
  const socket = new WebSocket(`${stele.url.replace('http', 'ws')}/rpc/${chain}`, { headers: { authorization: `Bearer ${owner.token}` } });
  const heard: unknown[] = [];
  let waiting: ((message: unknown) => void) | null = null;
  socket.on('message', (data) => {
    const message: unknown = JSON.parse(String(data));
    if (waiting === null) heard.push(message);
    else waiting(message);
    waiting = null;
  });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('open', resolve));
  return { socket, next: () => (heard.length > 0 ? Promise.resolve(heard.shift()) : new Promise((resolve) => (waiting = resolve))) };
}

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('a client that means harm', () => {
  it.each([
    ['an id', `{"jsonrpc":"2.0","id":${nested(100_000)},"method":"eth_newBlockFilter"}`],
    ['an id of a subscription', `{"jsonrpc":"2.0","id":${nested(100_000)},"method":"eth_subscribe","params":["newHeads"]}`],
    ['a batch', `[{"jsonrpc":"2.0","id":1,"method":"eth_newBlockFilter"},${nested(100_000)}]`],
  ])('nests %s without end and gets an error, on a socket and over HTTP', async (_name, body) => {
    const { socket, next } = await open();
    socket.send(body);
    socket.send('{"jsonrpc":"2.0","id":"after","method":"name"}');
    const answers = [await next(), await next()];
    expect(answers).toContainEqual(expect.objectContaining({ id: 'after' }));
    expect(answers).toContainEqual(expect.objectContaining({ id: null, error: expect.objectContaining({ code: -32600 }) as unknown }));
    socket.close();
    const posted = await stele.call('POST', `/rpc/${chainId}`, { as: owner, body });
    expect(posted.body).toMatchObject({ id: null, error: { code: -32600 } });
  });
});

describe('logs with much data', () => {
  const batchOf = async (ids: readonly unknown[]): Promise<{ id: number; result?: { blockNumber: string }[]; error?: { code: number } }[]> => {
    const body = ids.map((filter, id) => ({ jsonrpc: '2.0', id, method: 'eth_getFilterChanges', params: [filter] }));
    return (await stele.call('POST', `/rpc/${chainId}`, { as: owner, body })).body as never;
  };
  const numbers = (logs: { blockNumber: string }[] | undefined): number[] => (logs ?? []).map(({ blockNumber }) => Number(blockNumber));

  it('come in several polls, none lost, also in a batch whose answers would be too long', async () => {
    const add = async (): Promise<unknown> => (await stele.call('POST', `/rpc/${chainId}`, { as: owner, body: { jsonrpc: '2.0', id: 1, method: 'eth_newFilter', params: [{}] } })).body['result'];
    const from = (nodes[0] as TestNode).height;
    const ids = [await add(), await add(), await add(), await add()];
    for (const node of nodes) Object.assign(node, { height: from + 12, logData: 5 * 1024 * 1024, maxLogs: 1 });
    const wanted = Array.from({ length: 12 }, (_, i) => from + 1 + i).filter((height) => height % 2 === 0);
    const told: number[][] = [[], [], [], []];
    let refused = 0;
    for (let polls = 0; polls < 20 && told.some((heights) => heights.length < wanted.length); polls++) {
      for (const { id, result, error } of await batchOf(ids)) {
        told[id]?.push(...numbers(result));
        expect(numbers(result).length).toBeLessThanOrEqual(2);
        refused += error === undefined ? 0 : 1;
      }
    }
    for (const node of nodes) Object.assign(node, { logData: 0, maxLogs: 10_000 });
    expect(told).toEqual([wanted, wanted, wanted, wanted]);
    expect(refused).toBeGreaterThan(0);
  }, 20_000);
});

it('a filter is the gateway’s, however its name is written', async () => {
  const posted = await stele.call('POST', `/rpc/${chainId}`, { as: owner, body: '{"jsonrpc":"2.0","id":1,"method":"eth_newBlockF\\u0069lter","params":[]}' });
  expect(posted.body).toMatchObject({ id: 1, result: expect.stringMatching(/^0x[0-9a-f]{32}$/) });
  expect(nodes.flatMap(({ calls }) => calls)).not.toContain('eth_newBlockFilter');
});

it('a batch is answered in its order, whoever answers what, and notifications are not', async () => {
  const one = (method: string, id?: unknown, params: unknown[] = []): unknown => ({ jsonrpc: '2.0', ...(id === undefined ? {} : { id }), method, params });
  const body = [one('eth_blockNumber', 7), one('eth_newBlockFilter', 7), one('eth_newBlockFilter'), 5, one('eth_getFilterChanges', 7, ['0x1']), one('name', 'x')];
  expect((await stele.call('POST', `/rpc/${chainId}`, { as: owner, body })).body).toEqual([
    { jsonrpc: '2.0', id: 7, result: `0x${(nodes[0] as TestNode).height.toString(16)}` },
    { jsonrpc: '2.0', id: 7, result: expect.stringMatching(/^0x[0-9a-f]{32}$/) },
    { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'invalid request' } },
    { jsonrpc: '2.0', id: 7, error: { code: -32000, message: 'filter not found' } },
    { jsonrpc: '2.0', id: 'x', result: expect.stringMatching(/^[ab]$/) },
  ]);
});

describe('what filters and subscriptions name', () => {
  const address = (n: number): string => `0x${n.toString(16).padStart(40, '0')}`;
  const thousand = Array.from({ length: 1_000 }, (_, n) => address(n));
  const call = async (method: string, params: unknown[], key: string) =>
    (await stele.call<{ result?: string; error?: { code: number; message: string } }>('POST', `/rpc/${chainId}`, { as: key, body: { jsonrpc: '2.0', id: 1, method, params } })).body;

  it('is bounded for each connection, and given back', async () => {
    const { socket, next } = await open();
    const ask = async (method: string, params: unknown[]): Promise<{ result?: string; error?: { code: number } }> => {
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
      return (await next()) as { result?: string };
    };
    const ids: unknown[] = [];
    for (let i = 0; i < 10; i++) ids.push((await ask('eth_subscribe', ['logs', { address: thousand }])).result);
    expect((await ask('eth_subscribe', ['logs', { address: address(1) }])).error).toMatchObject({ code: -32005 });
    expect((await ask('eth_subscribe', ['newHeads'])).result).toBeDefined();
    expect((await ask('eth_unsubscribe', [ids[3]])).result).toBe(true);
    expect((await ask('eth_subscribe', ['logs', { address: thousand }])).result).toBeDefined();
    expect((await ask('eth_subscribe', ['logs', { address: address(1) }])).error).toMatchObject({ code: -32005 });
    socket.close();
  });

  it('is bounded for each credential, and given back', async () => {
    const key = await stele.apiKey(owner, ['rpc']);
    const ids: unknown[] = [];
    for (let i = 0; i < 50; i++) ids.push((await call('eth_newFilter', [{ address: thousand }], key)).result);
    expect((await call('eth_newFilter', [{ topics: [`0x${'11'.repeat(32)}`] }], key)).error).toMatchObject({ code: -32005, message: expect.stringContaining('50000') });
    expect((await call('eth_newFilter', [{}], key)).result).toBeDefined();
    expect((await call('eth_uninstallFilter', [ids[0]], key)).result).toBe(true);
    expect((await call('eth_newFilter', [{ address: thousand }], key)).result).toBeDefined();
    expect((await call('eth_newFilter', [{ address: address(1) }], await stele.apiKey(owner, ['rpc']))).result).toBeDefined();
  });
});

describe('a node that lies', () => {
  it.each(['null', '{"method":"eth_subscription","params":{"subscription":"heads","result":null}}', '{"method":"eth_subscription","params":{"subscription":"heads","result":{"number":"soon"}}}', '{'])(
    'is left for saying %s, and the subscription goes on', async (lie) => {
      const { socket, next } = await open();
      socket.send('{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}');
      await next();
      const asked = nodes.map(({ calls }) => calls.filter((method) => method === 'eth_subscribe').length);
      for (const node of nodes) node.say(lie);
      const asks = (): boolean => nodes.some(({ calls }, index) => calls.filter((method) => method === 'eth_subscribe').length > (asked[index] as number));
      for (let i = 0; i < 1_000 && !asks(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
      for (const node of nodes) node.grow(1);
      expect(await next()).toMatchObject({ method: 'eth_subscription', params: { result: { number: `0x${(nodes[0] as TestNode).height.toString(16)}` } } });
      socket.close();
    }, 20_000);
});

it('a node that claims a head far above the others’ is left for them, and its subscribers hear of the blocks that there are', async () => {
  const four = await chainOf(['liar', 'b', 'c', 'd']);
  const [liar, ...honest] = four.nodes as [TestNode, ...TestNode[]];
  liar.height = 1e15;
  for (const node of honest) node.next = 'fail';
  const { socket, next } = await open(four.chainId);
  const growing = setInterval(() => honest.forEach((node) => node.grow(1)), 100);
  try {
    socket.send('{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}');
    expect(await next()).toMatchObject({ id: 1, result: expect.any(String) as unknown });
    for (const node of honest) node.next = 'answer';
    const heard = [await next(), await next()] as { params: { result: { number: string } } }[];
    const [first, second] = heard.map(({ params }) => Number(params.result.number)) as [number, number];
    expect(first).toBeLessThan(1e6);
    expect(second).toBe(first + 1);
  } finally {
    clearInterval(growing);
    socket.close();
    await Promise.all(four.nodes.map((node) => node.kill()));
  }
}, 60_000);
