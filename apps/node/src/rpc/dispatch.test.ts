import type { RpcBackend } from './backend.js';
import { Dispatcher } from './dispatch.js';
import { FilterStore } from './events/filters.js';
import { EventHub } from './events/hub.js';
import { DEFAULT_LIMITS, type RpcLimits } from './limits.js';
import { long, method, type Method } from './method.js';
import { METHODS } from './methods/table.js';

/** A node that waits for its genesis. */
const WAITING: RpcBackend = {
  version: '1.2.3',
  chain: () => null,
  submit: () => Promise.reject(new Error('never asked')),
  pendingNonce: () => 0n,
  pendingTransaction: () => null,
  onCommitted: () => () => undefined,
  onPending: () => () => undefined,
  consensusStatus: () => ({ phase: 'waiting', height: 0n, round: 0, step: 'waiting', peers: 2, highestHeight: 0n, publicKey: new Uint8Array(32), isValidator: false }),
  validators: () => null,
  evidence: () => ({ included: [], waiting: [] }),
  genesisFile: () => null,
};

describe('dispatch', () => {
  const faults: string[] = [];
  let filters: FilterStore;
  const dispatcherOf = (methods: ReadonlyMap<string, Method>, changes: Partial<RpcLimits> = {}): Dispatcher => {
    const limits = { ...DEFAULT_LIMITS, ...changes };
    const hub = new EventHub(WAITING);
    filters = new FilterStore(hub, limits);
    return new Dispatcher(methods, { backend: WAITING, limits, hub, filters }, (name, error) => faults.push(`${name}: ${String(error)}`));
  };
  afterEach(() => filters.close());
  const request = (name: string, id: number, params: unknown[] = []): string => JSON.stringify({ jsonrpc: '2.0', id, method: name, params });
  const answerOf = async (dispatcher: Dispatcher, text: string): Promise<unknown> => JSON.parse((await dispatcher.answer(text, null)) ?? 'null');

  it.each(['eth_chainId', 'eth_blockNumber', 'stele_getConsensus'])('%s says that a node without genesis has no chain', async (name) => {
    expect(await answerOf(dispatcherOf(METHODS), request(name, 1))).toEqual({ jsonrpc: '2.0', id: 1, error: { code: -32000, message: expect.stringContaining('no genesis') } });
  });

  it('submits nothing to a node without genesis', async () => {
    expect(await answerOf(dispatcherOf(METHODS), request('eth_sendRawTransaction', 1, ['0x01']))).toMatchObject({ error: { code: -32000, message: expect.stringContaining('no genesis') } });
  });

  it('answers what needs no chain', async () => {
    expect(await answerOf(dispatcherOf(METHODS), request('web3_clientVersion', 1))).toMatchObject({ result: expect.stringMatching(/^Stele\/v1\.2\.3\//) });
    expect(await answerOf(dispatcherOf(METHODS), request('net_peerCount', 1))).toMatchObject({ result: '0x2' });
  });

  it('tells a fault of ours to the log, not to the caller', async () => {
    const broken = method('broken', 'Breaks.', [], () => {
      throw new Error('the secret inner working');
    });
    expect(await answerOf(dispatcherOf(new Map([['broken', broken]])), request('broken', 4))).toEqual({ jsonrpc: '2.0', id: 4, error: { code: -32603, message: 'internal error' } });
    expect(faults).toEqual(['broken: Error: the secret inner working']);
  });

  it('refuses an answer that is too long, and says so', async () => {
    const long = method('long', 'Is long.', [], () => 'x'.repeat(1000));
    expect(await answerOf(dispatcherOf(new Map([['long', long]]), { batchAnswerBytes: 1000 }), request('long', 4))).toMatchObject({ id: 4, error: { code: -32005, message: expect.stringContaining('1000 bytes') } });
  });

  it('begins nothing more of a batch whose answers are too long already', async () => {
    let begun = 0;
    const wordy = method('wordy', 'Is wordy.', [], () => 'x'.repeat((begun += 1) && 600));
    const batch = `[${Array.from({ length: 100 }, (_, id) => request('wordy', id)).join(',')}]`;
    const answers = (await answerOf(dispatcherOf(new Map([['wordy', wordy]]), { batchAnswerBytes: 1000 }), batch)) as { id: number; error?: { code: number } }[];
    expect(answers.map(({ id }) => id)).toEqual(Array.from({ length: 100 }, (_, id) => id));
    expect(answers.filter(({ error }) => error?.code === -32005)).toHaveLength(99);
    // Some were on their way when the bound was met.
    expect(begun).toBeLessThan(50);
  });

  it('begins the items of a batch in their order, lets them end in any, and answers in order', async () => {
    const begun: number[] = [];
    let releaseFirst = (): void => undefined;
    let calls = 0;
    const wait = method('wait', 'Waits.', [], () => {
      const mine = (calls += 1);
      begun.push(mine);
      if (mine === 1) return new Promise((resolve) => (releaseFirst = () => resolve(mine)));
      if (mine === 3) releaseFirst();
      return mine;
    });
    const batch = `[${[10, 11, 12].map((id) => request('wait', id)).join(',')}]`;
    expect(await answerOf(dispatcherOf(new Map([['wait', wait]])), batch)).toMatchObject([{ id: 10, result: 1 }, { id: 11, result: 2 }, { id: 12, result: 3 }]);
    expect(begun).toEqual([1, 2, 3]);
  });

  it('begins those of a batch that may take long one after another, and none when its time is over', async () => {
    const begun: string[] = [];
    let release = (): void => undefined;
    const slow = long(method('slow', 'Is slow.', [], () => {
      begun.push('slow');
      return new Promise((resolve) => (release = () => resolve('slow')));
    }));
    const quick = method('quick', 'Is quick.', [], () => void begun.push('quick'));
    const methods = new Map([['slow', slow], ['quick', quick]]);
    const batch = `[${request('slow', 1)},${request('slow', 2)},${request('quick', 3)},{"jsonrpc":"2.0","method":"slow"}]`;
    const ended = async (dispatcher: Dispatcher, slows: number): Promise<unknown> => {
      const answer = answerOf(dispatcher, batch);
      for (let i = 0; i < slows; i++) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        release();
      }
      return answer;
    };
    expect(await ended(dispatcherOf(methods), 3)).toMatchObject([{ id: 1, result: 'slow' }, { id: 2, result: 'slow' }, { id: 3 }]);
    expect(begun).toEqual(['slow', 'quick', 'slow', 'slow']);
    begun.length = 0;
    expect(await ended(dispatcherOf(methods, { batchMs: 1 }), 1)).toMatchObject([{ id: 1, result: 'slow' }, { id: 2, error: { code: -32005 } }, { id: 3 }]);
    expect(begun).toEqual(['slow', 'quick']);
  });

  it('bounds the calls in flight', async () => {
    let release = (): void => undefined;
    const wait = method('wait', 'Waits.', [], () => new Promise((resolve) => (release = () => resolve('done'))));
    const dispatcher = dispatcherOf(new Map([['wait', wait]]), { callsInFlight: 1 });
    const first = answerOf(dispatcher, request('wait', 1));
    expect(await answerOf(dispatcher, request('wait', 2))).toMatchObject({ error: { code: -32005 } });
    release();
    expect(await first).toMatchObject({ result: 'done' });
    const third = answerOf(dispatcher, request('wait', 3));
    release();
    expect(await third).toMatchObject({ result: 'done' });
  });
});
