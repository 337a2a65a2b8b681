import WebSocket from 'ws';
import { ChainOfOne, EVM_CHAIN_ID, RICH_KEY } from './testing/chain-of-one.js';
import { METHODS } from './methods/table.js';
import { privateKeyToAccount } from 'viem/accounts';

interface Answer {
  jsonrpc: string;
  id: unknown;
  result?: unknown;
  error?: { code: number; message: string; data?: unknown };
}

const RICH = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8';
const limits = { bodyBytes: 100_000, batchItems: 5, batchAnswerBytes: 5000, logRangeBlocks: 2, openLogRangeBlocks: 1, filters: 2, filterTtlMs: 60_000, subscriptionsPerConnection: 2 };

describe('the JSON-RPC server over HTTP', () => {
  let node: ChainOfOne;
  beforeAll(async () => {
    node = await ChainOfOne.start({ limits });
  });
  afterAll(async () => node.stop());

  const post = (body: string, headers: Record<string, string> = { 'content-type': 'application/json' }): Promise<Response> => fetch(node.url, { method: 'POST', body, headers });
  const ask = async (body: unknown): Promise<Answer> => (await (await post(typeof body === 'string' ? body : JSON.stringify(body))).json()) as Answer;
  const call = (method: string, ...params: unknown[]): Promise<Answer> => ask({ jsonrpc: '2.0', id: 1, method, params });
  const errorOf = async (method: string, ...params: unknown[]): Promise<Answer['error']> => (await call(method, ...params)).error;

  describe('requests', () => {
    it.each([
      { what: 'no JSON', body: '{"jsonrpc":', id: null, code: -32700 },
      { what: 'a scalar', body: '5', id: null, code: -32600 },
      { what: 'no version', body: '{"id":3,"method":"eth_chainId"}', id: 3, code: -32600 },
      { what: 'no method', body: '{"jsonrpc":"2.0","id":"x"}', id: 'x', code: -32600 },
      { what: 'an object as id', body: '{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}', id: null, code: -32600 },
      { what: 'an empty batch', body: '[]', id: null, code: -32600 },
      { what: 'a batch that is too large', body: JSON.stringify(new Array(6).fill({})), id: null, code: -32600 },
      { what: 'an unknown method', body: '{"jsonrpc":"2.0","id":7,"method":"eth_fooBar"}', id: 7, code: -32601 },
      { what: 'a method named like a property of objects', body: '{"jsonrpc":"2.0","id":7,"method":"constructor"}', id: 7, code: -32601 },
      { what: 'params that are no list', body: '{"jsonrpc":"2.0","id":7,"method":"eth_getBalance","params":{}}', id: 7, code: -32602 },
    ])('refuses $what', async ({ body, id, code }) => expect(await ask(body)).toMatchObject({ jsonrpc: '2.0', id, error: { code } }));

    it.each([0, -1.5, 'a', '', null])('echoes the id %p', async (id) => expect(await ask({ jsonrpc: '2.0', id, method: 'net_version' })).toEqual({ jsonrpc: '2.0', id, result: String(EVM_CHAIN_ID) }));

    it('answers no notification', async () => {
      expect((await post('{"jsonrpc":"2.0","method":"eth_chainId"}')).status).toBe(204);
      expect((await post('[{"jsonrpc":"2.0","method":"eth_chainId"}]')).status).toBe(204);
    });

    it('answers each item of a batch on its own, in order', async () => {
      const answers = (await ask([{ jsonrpc: '2.0', id: 1, method: 'eth_chainId' }, 5, { jsonrpc: '2.0', method: 'eth_chainId' }, { jsonrpc: '2.0', id: 2, method: 'nope' }])) as unknown as Answer[];
      expect(answers.map(({ id, error }) => [id, error?.code])).toEqual([[1, undefined], [null, -32600], [2, -32601]]);
    });

    it('bounds the answers of a batch', async () => {
      const block = { jsonrpc: '2.0', id: 1, method: 'eth_getBlockByNumber', params: ['0x0', false] };
      const answers = (await ask([block, block, block, block, block])) as unknown as Answer[];
      expect(answers.at(0)?.result).toBeDefined();
      expect(answers.at(-1)).toMatchObject({ id: 1, error: { code: -32005 } });
    });

    it('refuses bodies that are too large, other types and other verbs', async () => {
      expect((await post(' '.repeat(limits.bodyBytes + 1))).status).toBe(413);
      expect((await post('{}', { 'content-type': 'text/plain' })).status).toBe(415);
      expect((await fetch(node.url)).status).toBe(405);
      expect((await fetch(node.url, { method: 'OPTIONS' })).headers.get('access-control-allow-origin')).toBeNull();
    });
  });

  describe('answers', () => {
    it('points from what is refused to what to do', async () => {
      expect(await errorOf('eth_getProof')).toMatchObject({ code: -32601, message: expect.stringContaining('stele_getProof') });
      expect(await errorOf('eth_sendTransaction', {})).toMatchObject({ code: -32601, message: expect.stringContaining('eth_sendRawTransaction') });
      expect(await errorOf('eth_subscribe', 'newHeads')).toMatchObject({ code: -32601, message: expect.stringContaining('WebSocket') });
    });

    it('knows no block that is not there', async () => {
      expect((await call('eth_getBlockByNumber', '0x1000', false)).result).toBeNull();
      expect((await call('eth_getBlockReceipts', '0x1000')).result).toBeNull();
      expect(await errorOf('eth_getBalance', RICH, '0x1000')).toEqual({ code: -32000, message: 'header not found' });
      expect(await errorOf('eth_call', {}, { blockHash: `0x${'1'.repeat(64)}` })).toMatchObject({ code: -32000, message: expect.stringContaining('header for hash not found') });
      expect(await errorOf('eth_feeHistory', '0x1', '0x1000', [])).toMatchObject({ code: -32000, message: expect.stringContaining('beyond head') });
    });

    it('has no uncles, no accounts and no price', async () => {
      const results = await Promise.all(
        [['eth_accounts'], ['eth_gasPrice'], ['eth_maxPriorityFeePerGas'], ['eth_syncing'], ['net_listening'], ['net_peerCount'], ['eth_getUncleCountByBlockNumber', 'latest'], ['eth_getUncleByBlockNumberAndIndex', 'latest', '0x0']]
          .map(async ([name, ...params]) => (await call(name as string, ...params)).result),
      );
      expect(results).toEqual([[], '0x0', '0x0', false, true, '0x0', '0x0', null]);
      expect((await call('web3_sha3', '0x68656c6c6f20776f726c64')).result).toBe('0x47173285a8d7341e5e972fc677286384f802f8ef42a5ec5f03bbfa254cb01fad');
    });

    it('refuses transactions by name', async () => {
      expect(await errorOf('eth_sendRawTransaction', '0x03')).toMatchObject({ code: -32000, message: expect.stringMatching(/^transaction type not supported: .*blob/) });
      expect(await errorOf('eth_sendRawTransaction', '0x04')).toMatchObject({ code: -32000, message: expect.stringMatching(/^transaction type not supported: .*set-code/) });
      expect(await errorOf('eth_sendRawTransaction', '0x')).toMatchObject({ code: -32000 });
      expect(await errorOf('eth_call', { from: RICH, to: RICH, value: '0xffffffffffffffffffff' })).toMatchObject({ code: -32000, message: expect.stringContaining('insufficient funds') });
      expect(await errorOf('eth_call', { chainId: '0x1' })).toMatchObject({ code: -32000, message: expect.stringContaining('chainId does not match') });
      expect(await errorOf('eth_call', { data: '0xfe' })).toMatchObject({ code: -32000, message: expect.stringContaining('invalid') });
      expect(await errorOf('eth_estimateGas', { data: '0x60006000fd' })).toEqual({ code: 3, message: 'execution reverted', data: '0x' });
    });

    it('bounds the blocks of a log query', async () => {
      const account = privateKeyToAccount(RICH_KEY);
      for (let nonce = 0; nonce < 3; nonce++) {
        const raw = await account.signTransaction({ to: RICH, nonce, gas: 21_000n, gasPrice: 0n, chainId: EVM_CHAIN_ID });
        const { result } = await call('stele_sendTransactionAndWait', raw);
        expect(result).toMatchObject({ status: '0x1', type: '0x0' });
        // Whoever was not answered sends again.
        expect((await call('eth_sendRawTransactionSync', raw)).result).toEqual(result);
      }
      expect(await errorOf('eth_getLogs', { fromBlock: '0x1', toBlock: '0x3', address: RICH })).toEqual({ code: -32602, message: 'exceed maximum block range: 3 blocks asked for, at most 2 in one query' });
      expect(await errorOf('eth_getLogs', { fromBlock: '0x2', toBlock: '0x3' })).toMatchObject({ code: -32602, message: expect.stringContaining('at most 1 in one query without address and topics') });
      expect((await call('eth_getLogs', { fromBlock: '0x2', toBlock: '0x99', address: RICH })).result).toEqual([]);
      expect(await errorOf('eth_getLogs', { fromBlock: '0x2', toBlock: '0x1' })).toMatchObject({ code: -32602 });
      expect(await errorOf('eth_getLogs', { blockHash: `0x${'1'.repeat(64)}` })).toEqual({ code: -32000, message: 'unknown block' });
      expect((await call('eth_getBlockReceipts', '0x1')).result).toHaveLength(1);
      expect((await call('eth_getBlockTransactionCountByNumber', '0x1')).result).toBe('0x1');
      expect((await call('eth_getTransactionByBlockNumberAndIndex', '0x1', '0x0')).result).toMatchObject({ from: RICH, nonce: '0x0', gasPrice: '0x0' });
      expect((await call('eth_getTransactionByBlockNumberAndIndex', '0x1', '0x1')).result).toBeNull();
    });

    it('says when a transaction is not committed in time (EIP-7966)', async () => {
      node.makesBlocks = false;
      const account = privateKeyToAccount(RICH_KEY);
      const raw = await account.signTransaction({ to: RICH, nonce: 3, gas: 21_000n, gasPrice: 0n, chainId: EVM_CHAIN_ID });
      expect(await errorOf('eth_sendRawTransactionSync', raw, 20)).toMatchObject({ code: 4, data: expect.stringMatching(/^0x[0-9a-f]{64}$/) });
      node.makesBlocks = true;
      await node.makeBlock();
    });

    it('keeps a bounded number of filters', async () => {
      const ids = [(await call('eth_newBlockFilter')).result, (await call('eth_newPendingTransactionFilter')).result];
      expect(await errorOf('eth_newBlockFilter')).toMatchObject({ code: -32005 });
      expect((await call('eth_getFilterChanges', ids[0])).result).toEqual([]);
      expect(await errorOf('eth_getFilterLogs', ids[0])).toEqual({ code: -32000, message: 'filter not found' });
      for (const id of ids) expect((await call('eth_uninstallFilter', id)).result).toBe(true);
      expect((await call('eth_uninstallFilter', ids[0])).result).toBe(false);
    });

    it('documents every method', () => {
      for (const { name, doc } of METHODS.values()) expect(`${name}: ${doc}`).toMatch(/: \S.*\.$/);
    });
  });

  describe('over WebSocket', () => {
    const open = async (): Promise<{ socket: WebSocket; next: () => Promise<Answer> }> => {
      const socket = new WebSocket(node.webSocketUrl);
      const waiting: string[] = [];
      let wake = (): void => undefined;
      socket.on('message', (message: Buffer) => {
        waiting.push(message.toString());
        wake();
      });
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      const next = async (): Promise<Answer> => {
        while (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
        return JSON.parse(waiting.shift() as string) as Answer;
      };
      return { socket, next };
    };

    it('answers a subscription before its first event, and bounds them', async () => {
      const { socket, next } = await open();
      const subscribe = (id: number, ...params: unknown[]): void => socket.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'eth_subscribe', params }));
      subscribe(1, 'newHeads');
      const { result } = await next();
      subscribe(2, 'somethingElse');
      expect(await next()).toMatchObject({ id: 2, error: { code: -32601 } });
      subscribe(3, 'logs', { address: RICH });
      expect(await next()).toMatchObject({ id: 3, result: expect.stringMatching(/^0x/) });
      subscribe(4, 'newHeads');
      expect(await next()).toMatchObject({ id: 4, error: { code: -32005 } });
      const account = privateKeyToAccount(RICH_KEY);
      const raw = await account.signTransaction({ to: RICH, nonce: 4, gas: 21_000n, gasPrice: 0n, chainId: EVM_CHAIN_ID });
      await call('stele_sendTransactionAndWait', raw);
      expect(await next()).toMatchObject({ method: 'eth_subscription', params: { subscription: result, result: { number: `0x${node.store.head().height.toString(16)}`, logsBloom: expect.any(String) } } });
      socket.send(JSON.stringify([{ jsonrpc: '2.0', id: 5, method: 'eth_unsubscribe', params: [result] }, { jsonrpc: '2.0', id: 6, method: 'eth_unsubscribe', params: [result] }]));
      expect(await next()).toMatchObject([{ id: 5, result: true }, { id: 6, error: { code: -32000 } }]);
      socket.close();
    });

    it('closes on a message that is too large', async () => {
      const { socket } = await open();
      socket.send(' '.repeat(limits.bodyBytes + 1));
      expect(await new Promise((resolve) => socket.once('close', resolve))).toBe(1009);
    });
  });
});
