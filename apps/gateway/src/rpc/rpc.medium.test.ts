import { WebSocket } from 'ws';
import { loadOrCreateSeed, makeIdentity } from '#sdk';
import { seedChain, seedDataCenter } from '../../../../libs/persistence/testing/index.js';
import { TestGateway, type Person } from '../../testing/test-gateway.js';
import { TestNode } from '../../testing/test-node.js';

const HASH_OF_01 = '0x5fe7f977e71dba2ea1a68e21057beebb9be2ac30c6410aa38d4f3fbe41dcffd2';

let stele: TestGateway;
let owner: Person;
let dataCenter: string;
let gatewayKey: Uint8Array;
let nodes: TestNode[] = [];

beforeAll(async () => {
  stele = await TestGateway.start();
  owner = await stele.tenant();
  dataCenter = (await seedDataCenter(stele.database.gateway, (await stele.platformAdmin()).userId)).id;
  gatewayKey = (await makeIdentity(loadOrCreateSeed(stele.home, 'gateway'))).publicKey;
}, 60_000);
afterAll(() => stele.stop());
afterEach(async () => {
  await Promise.all(nodes.map((node) => node.kill()));
  nodes = [];
});

/** A chain whose nodes are these listeners; the provisioner's part of the rows is written as the provisioner. */
async function chainOf(...names: string[]): Promise<string> {
  const known = new Set<string>();
  nodes = await Promise.all(names.map((name) => TestNode.start(name, gatewayKey, known)));
  const made = await seedChain(stele.database.gateway, owner, dataCenter, names.length);
  for (const [index, row] of made.nodes.entries()) {
    const node = nodes[index] as TestNode;
    await stele.database.provisioner.query(`update chain_nodes set public_key = $2, endpoints = $3, status = 'running' where id = $1`, [
      // The first address never answers: the next one is taken.
      row.id, node.publicKey, { rpc: ['127.0.0.1:1', node.endpoint] },
    ]);
  }
  await stele.database.provisioner.query(`update chains set status = 'running' where id = $1`, [made.chain.id]);
  return made.chain.id;
}

const call = (chainId: string, method: string, params: unknown[] = [], as: Person | string = owner) =>
  stele.call<{ result?: unknown; error?: unknown }>('POST', `/rpc/${chainId}`, { as, body: { jsonrpc: '2.0', id: 1, method, params } });

describe('JSON-RPC over HTTP', () => {
  it('goes to one node, calls, batches and errors alike, byte for byte', async () => {
    const chainId = await chainOf('a', 'b');
    const { status, headers, body } = await call(chainId, 'eth_blockNumber');
    expect([status, headers.get('content-type'), body]).toEqual([200, 'application/json', { jsonrpc: '2.0', id: 1, result: '0xa' }]);
    const batch = [{ jsonrpc: '2.0', id: 'x', method: 'eth_blockNumber', params: [] }, { jsonrpc: '2.0', id: null, method: 'nope', params: [] }];
    const answer = await stele.call('POST', `/rpc/${chainId}`, { as: owner, body: batch, headers: { 'content-type': 'text/plain' } });
    expect(answer.body).toEqual([{ jsonrpc: '2.0', id: 'x', result: '0xa' }, { jsonrpc: '2.0', id: null, error: { code: -32601, message: 'no such method' } }]);
  });

  it('spreads clients over the nodes, and keeps each client on its node', async () => {
    const chainId = await chainOf('a', 'b');
    const key = await stele.apiKey(owner, ['rpc']);
    const seen = async (as: Person | string): Promise<unknown[]> => Promise.all(Array.from({ length: 10 }, async () => (await call(chainId, 'name', [], as)).body.result));
    const [mine, keys] = [new Set(await seen(owner)), new Set(await seen(key))];
    expect([mine.size, keys.size]).toEqual([1, 1]);
    expect([...mine, ...keys].sort()).toEqual(['a', 'b']);
  });

  it('goes on without a failed request when a node dies', async () => {
    const chainId = await chainOf('a', 'b');
    const mine = (await call(chainId, 'name')).body.result;
    const results: unknown[] = [];
    let going = true;
    const worker = async (): Promise<void> => {
      while (going) results.push((await call(chainId, 'name')).body.result ?? 'failed');
    };
    const workers = Array.from({ length: 8 }, worker);
    const answers = async (count: number): Promise<void> => {
      while (results.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await answers(16);
    await nodes.find((node) => node.name === mine)?.kill();
    // Of each worker one answer may still be on its way.
    await answers(results.length + 32);
    going = false;
    await Promise.all(workers);
    expect(new Set(results)).toEqual(new Set(['a', 'b']));
    expect(results.at(-1)).not.toBe(mine);
  });

  it('takes a transaction for sent when its node died after taking it', async () => {
    const chainId = await chainOf('a', 'b');
    const mine = (await call(chainId, 'name')).body.result;
    const first = nodes.find((node) => node.name === mine) as TestNode;
    first.next = 'dieAfterAccepting';
    const sent = await call(chainId, 'eth_sendRawTransaction', ['0x01']);
    expect(sent.body).toEqual({ jsonrpc: '2.0', id: 1, result: HASH_OF_01 });
    // Asked for once more by the client itself, it is refused as any node would.
    expect((await call(chainId, 'eth_sendRawTransaction', ['0x01'])).body.error).toBeDefined();
  });

  it('leaves a node that stopped answering, and comes back to none that lags', async () => {
    const chainId = await chainOf('a', 'b');
    const mine = (await call(chainId, 'name')).body.result;
    const other = nodes.find((node) => node.name !== mine) as TestNode;
    const first = nodes.find((node) => node.name === mine) as TestNode;
    other.height = 500;
    // The probe finds within two seconds that the first one is behind.
    const deadline = Date.now() + 4_000;
    let now = mine;
    while (now === mine && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      now = (await call(chainId, 'name')).body.result;
    }
    expect(now).toBe(other.name);
    other.hanging = true;
    const hung = await call(chainId, 'name');
    expect(hung.body.result).toBe(first.name);
  }, 20_000);

  it('says so when no node answers', async () => {
    const chainId = await chainOf('a');
    await nodes[0]?.kill();
    const answer = await stele.call('POST', `/rpc/${chainId}`, { as: owner, body: { jsonrpc: '2.0', id: 1, method: 'name' } });
    expect([answer.status, answer.body['code'], answer.headers.get('retry-after')]).toEqual([503, 'no_live_node', '1']);
  });

  it('says what a chain waits for that does not run yet', async () => {
    const chainId = await chainOf('a');
    await nodes[0]?.kill();
    await stele.database.provisioner.query(`update chains set status = 'awaitingFounders' where id = $1`, [chainId]);
    const answer = await stele.call('POST', `/rpc/${chainId}`, { as: owner, body: { jsonrpc: '2.0', id: 1, method: 'name' } });
    expect([answer.status, answer.body['code']]).toEqual([409, 'chain_not_running']);
    expect(answer.body['detail']).toContain(`/v1/chains/${chainId}/genesis/signatures`);
  });

  it('trusts no listener that holds another key', async () => {
    const chainId = await chainOf('a');
    const impostor = await TestNode.start('impostor', null);
    nodes.push(impostor);
    await stele.database.provisioner.query(`update chain_nodes set endpoints = $2 where chain_id = $1`, [chainId, { rpc: [impostor.endpoint] }]);
    const answer = await stele.call('POST', `/rpc/${chainId}`, { as: owner, body: { jsonrpc: '2.0', id: 1, method: 'name' } });
    expect([answer.status, impostor.calls]).toEqual([503, []]);
  });

  it('refuses what is too large, and what is nothing', async () => {
    const chainId = await chainOf('a');
    const large = await stele.call('POST', `/rpc/${chainId}`, { as: owner, body: `"${'x'.repeat(5 * 1024 * 1024)}"` });
    expect([large.status, large.body['code']]).toEqual([413, 'payload_too_large']);
    const empty = await stele.call('POST', `/rpc/${chainId}`, { as: owner });
    expect([empty.status, empty.body['code']]).toEqual([400, 'malformed_request']);
  });

  it('stops for a revoked key within seconds', async () => {
    const chainId = await chainOf('a');
    const made = await stele.call<{ id: string; key: string }>('POST', '/v1/api-keys', { as: owner, body: { name: 'k', scopes: ['rpc'] } });
    expect((await call(chainId, 'name', [], made.body.key)).status).toBe(200);
    await stele.call('DELETE', `/v1/api-keys/${made.body.id}`, { as: owner });
    await new Promise((resolve) => setTimeout(resolve, 3_200));
    expect((await call(chainId, 'name', [], made.body.key)).status).toBe(401);
  }, 15_000);
});

describe('filters over HTTP', () => {
  it('go on at another node when the one that answered is dead', async () => {
    const chainId = await chainOf('a', 'b');
    for (const node of nodes) node.height = 20;
    const blocks = (await call(chainId, 'eth_newBlockFilter')).body.result;
    const logs = (await call(chainId, 'eth_newFilter', [{ address: `0x${'ab'.repeat(20)}` }])).body.result;
    const changes = async (id: unknown): Promise<unknown[]> => (await call(chainId, 'eth_getFilterChanges', [id])).body.result as unknown[];
    expect(await changes(blocks)).toEqual([]);
    for (const node of nodes) node.height = 22;
    expect(await changes(blocks)).toHaveLength(2);
    const mine = (await call(chainId, 'name')).body.result;
    await nodes.find((node) => node.name === mine)?.kill();
    for (const node of nodes) node.height = 24;
    expect(await Promise.all([changes(blocks), changes(blocks)])).toEqual([[expect.stringContaining('17'), expect.stringContaining('18')], []]);
    expect(await changes(logs)).toMatchObject([{ blockNumber: '0x16' }, { blockNumber: '0x18' }]);
    expect(await changes(logs)).toEqual([]);
    expect((await call(chainId, 'eth_uninstallFilter', [logs])).body.result).toBe(true);
    expect((await call(chainId, 'eth_getFilterChanges', [logs])).body.error).toMatchObject({ code: -32000, message: 'filter not found' });
  }, 20_000);

  it.each([3, 0])('answer in parts where a query may answer %i logs', async (maxLogs) => {
    const chainId = await chainOf('a');
    const logs = (await call(chainId, 'eth_newFilter', [{}])).body.result;
    Object.assign(nodes[0] as TestNode, { height: 100, maxLogs });
    const told = (await call(chainId, 'eth_getFilterChanges', [logs])).body.result as { blockNumber: string }[];
    expect(told.map(({ blockNumber }) => Number(blockNumber))).toEqual(Array.from({ length: 45 }, (_, index) => 12 + 2 * index));
    expect((await call(chainId, 'eth_getFilterChanges', [logs])).body.result).toEqual([]);
  });

  it('are mixed with calls in a batch, refused when malformed or too many, and unknown on another chain', async () => {
    const chainId = await chainOf('a');
    const batch = [{ jsonrpc: '2.0', id: 1, method: 'eth_newBlockFilter', params: [] }, { jsonrpc: '2.0', id: 2, method: 'name', params: [] }];
    const answer = (await stele.call('POST', `/rpc/${chainId}`, { as: owner, body: batch })).body as unknown as { id: number; result: string }[];
    expect(answer.map(({ id }) => id).sort()).toEqual([1, 2]);
    const filter = answer.find(({ id }) => id === 1)?.result;
    expect((await call(chainId, 'eth_newFilter', [{ topics: 'x' }])).body.error).toMatchObject({ code: -32602 });
    expect((await call(chainId, 'eth_newFilter', [{ fromBlock: '12' }])).body.error).toMatchObject({ code: -32602 });
    const first = nodes;
    const other = await chainOf('c');
    expect((await call(other, 'eth_getFilterChanges', [filter])).body.error).toMatchObject({ message: 'filter not found' });
    await Promise.all(first.map((node) => node.kill()));
  });
});

function open(chainId: string, headers: Record<string, string> = { authorization: `Bearer ${owner.token}` }): { socket: WebSocket; next: () => Promise<unknown>; closed: Promise<number> } {
  const socket = new WebSocket(`${stele.url.replace('http', 'ws')}/rpc/${chainId}`, { headers });
  const queue: unknown[] = [];
  let waiting: ((value: unknown) => void) | undefined;
  socket.on('message', (data) => {
    const value: unknown = JSON.parse(String(data));
    if (waiting === undefined) queue.push(value);
    else waiting(value);
    waiting = undefined;
  });
  socket.on('error', () => undefined);
  return {
    socket,
    next: () => (queue.length > 0 ? Promise.resolve(queue.shift()) : new Promise((resolve) => (waiting = resolve))),
    closed: new Promise((resolve) => socket.once('close', (code) => resolve(code))),
  };
}

describe('JSON-RPC over WebSocket', () => {
  const ask = async (opened: ReturnType<typeof open>, method: string, params: unknown[] = []): Promise<{ result?: unknown; error?: { code: number; message: string } }> => {
    opened.socket.send(JSON.stringify({ jsonrpc: '2.0', id: method, method, params }));
    return (await opened.next()) as { result?: unknown };
  };
  const event = (id: unknown, height: number): unknown => expect.objectContaining({ params: { subscription: id, result: expect.objectContaining({ number: `0x${height.toString(16)}` }) as unknown } });

  it('answers calls from a living node, whichever dies, on the same socket', async () => {
    const chainId = await chainOf('a', 'b');
    const opened = open(chainId);
    await new Promise((resolve) => opened.socket.once('open', resolve));
    const first = (await ask(opened, 'name')).result;
    await nodes.find((node) => node.name === first)?.kill();
    const second = (await ask(opened, 'name')).result;
    expect([first, second].sort()).toEqual(['a', 'b']);
    opened.socket.close(1000);
    expect(await opened.closed).toBe(1000);
  });

  it('tells heads and logs once and in order though the node that told them dies and the next is ahead', async () => {
    const chainId = await chainOf('a', 'b');
    const opened = open(chainId);
    await new Promise((resolve) => opened.socket.once('open', resolve));
    const heads = (await ask(opened, 'eth_subscribe', ['newHeads'])).result;
    const logs = (await ask(opened, 'eth_subscribe', ['logs', { address: `0x${'AB'.repeat(20)}` }])).result;
    const others = (await ask(opened, 'eth_subscribe', ['logs', { address: `0x${'cd'.repeat(20)}` }])).result;
    expect(new Set([heads, logs, others]).size).toBe(3);
    const teller = nodes.find((node) => node.calls.includes('eth_subscribe')) as TestNode;
    const next = nodes.find((node) => node !== teller) as TestNode;
    teller.grow(1);
    expect(await opened.next()).toEqual(event(heads, 11));
    teller.grow(1);
    expect(await opened.next()).toEqual(event(heads, 12));
    expect(await opened.next()).toMatchObject({ params: { subscription: logs, result: { blockNumber: '0xc' } } });
    next.height = 15;
    await teller.kill();
    expect(await opened.next()).toEqual(event(heads, 13));
    expect(await opened.next()).toEqual(event(heads, 14));
    expect(await opened.next()).toMatchObject({ params: { subscription: logs, result: { blockNumber: '0xe' } } });
    expect(await opened.next()).toEqual(event(heads, 15));
    expect((await ask(opened, 'eth_unsubscribe', [heads])).result).toBe(true);
    expect((await ask(opened, 'eth_unsubscribe', [heads])).error).toMatchObject({ code: -32000, message: 'subscription not found' });
    next.grow(1);
    expect(await opened.next()).toMatchObject({ params: { subscription: logs, result: { blockNumber: '0x10' } } });
    opened.socket.close();
  }, 20_000);

  it('asks no node for logs of a block that it does not have yet, though another announced it', async () => {
    const chainId = await chainOf('a', 'b');
    const opened = open(chainId);
    await new Promise((resolve) => opened.socket.once('open', resolve));
    const heads = (await ask(opened, 'eth_subscribe', ['newHeads'])).result;
    const logs = (await ask(opened, 'eth_subscribe', ['logs', {}])).result;
    const teller = nodes.find((node) => node.calls.includes('eth_subscribe')) as TestNode;
    const next = nodes.find((node) => node !== teller) as TestNode;
    teller.hanging = true;
    teller.grow(2);
    expect(await opened.next()).toEqual(event(heads, 11));
    next.height = 11;
    await teller.kill();
    while (!next.calls.includes('eth_subscribe')) await new Promise((resolve) => setTimeout(resolve, 5));
    next.grow(1);
    expect(await opened.next()).toEqual(event(heads, 12));
    expect(await opened.next()).toMatchObject({ params: { subscription: logs, result: { blockNumber: '0xc' } } });
    opened.socket.close();
  }, 20_000);

  it.each([[3, 'in parts'], [0, 'by receipts']])('fills a long gap where a query may answer %i logs: %s', async (maxLogs) => {
    const chainId = await chainOf('a', 'b');
    const opened = open(chainId);
    await new Promise((resolve) => opened.socket.once('open', resolve));
    const logs = (await ask(opened, 'eth_subscribe', ['logs', {}])).result;
    const teller = nodes.find((node) => node.calls.includes('eth_subscribe')) as TestNode;
    const next = nodes.find((node) => node !== teller) as TestNode;
    Object.assign(next, { height: 250, maxLogs });
    await teller.kill();
    for (let height = 12; height <= 250; height += 2) {
      expect(await opened.next()).toMatchObject({ params: { subscription: logs, result: { blockNumber: `0x${height.toString(16)}` } } });
    }
    opened.socket.close();
  }, 20_000);

  it('ends a socket whose reader does not read, and no other', async () => {
    const chainId = await chainOf('a');
    const node = nodes[0] as TestNode;
    const [slow, quick] = [open(chainId), open(chainId)];
    await Promise.all([slow, quick].map(({ socket }) => new Promise((resolve) => socket.once('open', resolve))));
    for (const opened of [slow, quick]) expect((await ask(opened, 'eth_subscribe', ['newHeads'])).result).toBeDefined();
    node.padding = 256 * 1024;
    slow.socket.pause();
    // 16 MiB wait in the gateway at most, some more in the system's own buffers.
    for (let height = 11; height <= 210; height++) {
      node.grow(1);
      expect(await quick.next()).toMatchObject({ params: { result: { number: `0x${height.toString(16)}` } } });
    }
    slow.socket.resume();
    expect(await slow.closed).toBe(1006);
    expect(quick.socket.readyState).toBe(WebSocket.OPEN);
    quick.socket.close();
  }, 30_000);

  it('refuses subscriptions beyond its bound, and those that make no sense', async () => {
    const chainId = await chainOf('a');
    const opened = open(chainId);
    await new Promise((resolve) => opened.socket.once('open', resolve));
    for (let i = 0; i < 100; i++) expect((await ask(opened, 'eth_subscribe', ['newHeads'])).result).toBeDefined();
    expect((await ask(opened, 'eth_subscribe', ['newHeads'])).error).toMatchObject({ code: -32005 });
    expect((await ask(opened, 'eth_subscribe', ['logs', { address: '0x12' }])).error).toMatchObject({ code: -32602 });
    expect((await ask(opened, 'eth_subscribe', ['syncing'])).error).toMatchObject({ code: -32601 });
    opened.socket.close();
  }, 20_000);

  it.each([
    ['without a credential', (): Record<string, string> => ({}), 401],
    ['of a tenant that is no member', (): Record<string, string> => ({ authorization: `Bearer ${stranger.token}` }), 404],
  ])('is refused %s', async (_name, headers, status) => {
    const chainId = await chainOf('a');
    const socket = new WebSocket(`${stele.url.replace('http', 'ws')}/rpc/${chainId}`, { headers: headers() });
    const answered = await new Promise<number | undefined>((resolve, reject) => {
      socket.once('unexpected-response', (_request, response) => {
        resolve(response.statusCode);
        response.resume();
      });
      socket.once('open', () => reject(new Error('it opened')));
      socket.on('error', () => undefined);
    });
    expect(answered).toBe(status);
  });

  let stranger: Person;
  beforeAll(async () => {
    stranger = await stele.tenant();
  });
});
