import { BoundedCache } from './bounded-cache.js';
import { callableNodes } from './rpc-access.js';
import type { NodeRecord } from '#persistence';

describe('the bounded cache', () => {
  it('loads once for many, and again after its time', async () => {
    const cache = new BoundedCache<number>(10, 100);
    let loads = 0;
    const load = async (): Promise<number> => ++loads;
    expect(await Promise.all([cache.get('a', 0, load), cache.get('a', 50, load)])).toEqual([1, 1]);
    expect(await cache.get('a', 100, load)).toBe(2);
  });

  it('keeps no failure', async () => {
    const cache = new BoundedCache<number>(10, 100);
    await expect(cache.get('a', 0, () => Promise.reject(new Error('x')))).rejects.toThrow('x');
    expect(await cache.get('a', 1, () => Promise.resolve(5))).toBe(5);
  });

  it('drops the oldest rather than grow', async () => {
    const cache = new BoundedCache<string>(3, 100);
    for (const key of ['a', 'b', 'c', 'd']) await cache.get(key, 0, () => Promise.resolve(key));
    expect(cache.size).toBe(3);
    expect(await cache.get('d', 1, () => Promise.resolve('loaded again'))).toBe('d');
    expect(await cache.get('a', 1, () => Promise.resolve('loaded again'))).toBe('loaded again');
  });
});

describe('nodes that can be called', () => {
  const node = { id: 'nod_1', publicKey: '0x00', wanted: 'running', endpoints: { rpc: ['a:1', 'b:2'] } } as unknown as NodeRecord;
  it.each<[string, Partial<NodeRecord>, number]>([
    ['enrolled, wanted, with an address', {}, 1],
    ['not enrolled', { publicKey: null }, 0],
    ['to be removed', { wanted: 'removed' }, 0],
    ['without an address', { endpoints: null }, 0],
    ['with other addresses only', { endpoints: { control: ['a:1'] } }, 0],
  ])('%s', (_name, change, count) => {
    expect(callableNodes([{ ...node, ...change }])).toHaveLength(count);
  });
});
