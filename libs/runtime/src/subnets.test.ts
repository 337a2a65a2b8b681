import { egressSubnet, overlaps, parseSubnet, pickSubnet } from './subnets.js';

test('the pool is handed out in /27s without overlap, and ends', () => {
  const taken: string[] = [];
  for (let next = pickSubnet('10.213.0.0/22', taken); next !== undefined; next = pickSubnet('10.213.0.0/22', taken)) taken.push(next);
  expect(taken.slice(0, 3)).toEqual(['10.213.0.0/27', '10.213.0.32/27', '10.213.0.64/27']);
  expect(taken).toHaveLength(30);
  expect(new Set(taken).size).toBe(30);
});

test('the egress part is the last sixteenth and is given to no chain', () => {
  expect(egressSubnet('10.213.0.0/16')).toBe('10.213.240.0/20');
  expect(pickSubnet('10.213.0.0/23', ['10.213.0.0/24', '10.213.1.0/25', '10.213.1.128/26', '10.213.1.192/27'])).toBeUndefined();
  expect(() => egressSubnet('10.0.0.0/24')).toThrow(/too small/);
});

test.each(['10.0.0.0', '10.0.0.1/24', '10.0.0.256/24', '10.0.0.0/33', 'fe80::/10'])('%s is refused', (text) => {
  expect(() => parseSubnet(text)).toThrow(TypeError);
});

test('overlap is symmetric and exact at the edges', () => {
  const [a, b, c] = ['10.0.0.0/24', '10.0.0.128/25', '10.0.1.0/24'].map(parseSubnet) as [ReturnType<typeof parseSubnet>, ReturnType<typeof parseSubnet>, ReturnType<typeof parseSubnet>];
  expect([overlaps(a, b), overlaps(b, a), overlaps(a, c), overlaps(c, b)]).toEqual([true, true, false, false]);
});
