import { matches, readCriteria, unionOfAddresses, valuesOf } from './log-criteria.rules.js';
import { RecentHashes } from './recent-hashes.js';
import { topicOf } from './topic.rules.js';

const A = `0x${'aa'.repeat(20)}`;
const B = `0x${'bb'.repeat(20)}`;
const T1 = `0x${'11'.repeat(32)}`;
const T2 = `0x${'22'.repeat(32)}`;
const log = (address: string, ...topics: string[]) => ({ address, topics, blockNumber: '0x1', logIndex: '0x0' });

describe('which logs a subscription wants', () => {
  it.each<[string, unknown, ReturnType<typeof log>, boolean]>([
    ['anything', undefined, log(A), true],
    ['one address', { address: A.toUpperCase().replace('0X', '0x') }, log(A), true],
    ['another address', { address: B }, log(A), false],
    ['one of two addresses', { address: [B, A] }, log(A), true],
    ['the first topic', { topics: [T1] }, log(A, T1, T2), true],
    ['the second topic alone', { topics: [null, T2] }, log(A, T1, T2), true],
    ['one of two topics', { topics: [[T2, T1]] }, log(A, T1), true],
    ['null among choices', { topics: [[T2, null]] }, log(A, T1), true],
    ['an empty list', { topics: [[]] }, log(A, T1), true],
    ['another topic', { topics: [T2] }, log(A, T1), false],
    ['a place that the log does not have', { topics: [null, null] }, log(A, T1), false],
  ])('%s', (_name, value, given, expected) => {
    expect(matches(readCriteria(value, 'filter'), given)).toBe(expected);
  });

  it.each([[{ address: '0x1' }], [{ topics: T1 }], [{ topics: ['0x11'] }], [{ topics: [T1, T1, T1, T1, T1] }], [[]], ['x']])('refuses %j', (value) => {
    expect(() => readCriteria(value, 'filter')).toThrow(expect.objectContaining({ code: -32602 }) as Error);
  });

  it('is counted by what it names', () => {
    expect(valuesOf(readCriteria({ address: [A, B, A], topics: [null, [T1, T2], T1, []] }, 'filter'))).toBe(5);
    expect(valuesOf(readCriteria({}, 'filter'))).toBe(0);
  });

  it('asks a node once for all', () => {
    const [one, two, any] = [{ address: A }, { address: [A, B] }, {}].map((value) => readCriteria(value, 'filter'));
    expect(unionOfAddresses([one, two] as never)).toEqual([A, B]);
    expect(unionOfAddresses([one, any] as never)).toEqual([]);
  });
});

describe('what can be subscribed to', () => {
  it.each([
    [['newHeads'], { kind: 'newHeads' }],
    [['newPendingTransactions'], { kind: 'newPendingTransactions', whole: false }],
    [['newPendingTransactions', true], { kind: 'newPendingTransactions', whole: true }],
    [['logs'], { kind: 'logs', criteria: { addresses: new Set(), topics: [] } }],
  ])('%j', (params, topic) => expect(topicOf(params)).toEqual(topic));

  it.each([[undefined, -32602], [[5], -32602], [['newPendingTransactions', 1], -32602], [['syncing'], -32601]])('not %j', (params, code) => {
    expect(() => topicOf(params)).toThrow(expect.objectContaining({ code }) as Error);
  });
});

it('remembers the last hashes only', () => {
  const recent = new RecentHashes(2);
  expect(['a', 'a', 'b', 'c', 'a'].map((hash) => recent.add(hash))).toEqual([true, false, true, true, true]);
});
