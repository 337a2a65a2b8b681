import fc from 'fast-check';
import { seeded } from '../../../../libs/ledger/testing/seed.js';
import { RangePlan } from './range-plan.js';

const sized = (bytes: number) => ({ bytes });
const HEAD = 100;

function planWith(averageBytes: number): RangePlan<{ bytes: number }> {
  const plan = new RangePlan<{ bytes: number }>();
  for (let i = 0; i < 100; i++) {
    plan.put(1, sized(averageBytes));
    plan.take(1);
  }
  return plan;
}

it('gives different ranges to different peers, two to each, the lowest first', () => {
  const plan = planWith(1000);
  const ranges = ['a', 'b', 'a', 'b', 'a'].map((peer) => plan.next(peer, 10_000, HEAD, 0));
  expect(ranges.map((range) => range && [range.peer, range.from, range.to])).toEqual([['a', 101, 164], ['b', 165, 228], ['a', 229, 292], ['b', 293, 356], null]);
});

it('asks nobody for what he has not, nor for what is here or on its way', () => {
  const plan = planWith(1000);
  plan.put(103, sized(10));
  expect(plan.next('a', 105, HEAD, 0)).toMatchObject({ from: 101, to: 102 });
  expect(plan.next('b', 105, HEAD, 0)).toMatchObject({ from: 104, to: 105 });
  expect(plan.next('c', 105, HEAD, 0)).toBeNull();
});

it('asks for less at once where blocks are large, and for no more than the window holds', () => {
  const plan = planWith(1024 * 1024);
  const blocks = Array.from({ length: 40 }, (_, i) => plan.next(`peer ${i}`, 10_000, HEAD, 0)).reduce((sum, range) => sum + (range === null ? 0 : range.to - range.from + 1), 0);
  expect(blocks).toBeGreaterThan(40);
  expect(blocks).toBeLessThanOrEqual(49);
});

it('has room for the next block even where the window is full, and for no other', () => {
  const plan = planWith(1000);
  for (let height = 102; height < 107; height++) plan.put(height, sized(10 * 1024 * 1024));
  expect([plan.wants(101, HEAD), plan.wants(107, HEAD), plan.wants(102, HEAD), plan.wants(100, HEAD)]).toEqual([true, false, false, false]);
  expect(plan.next('a', 10_000, HEAD, 0)).toMatchObject({ from: 101, to: 101 });
  expect(plan.next('b', 10_000, HEAD, 0)).toBeNull();
});

it('what an answer left out is asked for again, and so is what a peer took along', () => {
  const plan = planWith(1000);
  plan.next('a', 10_000, HEAD, 0);
  plan.put(101, sized(1));
  expect(plan.end('a', 101)).toMatchObject({ from: 101, to: 164 });
  expect(plan.end('a', 101)).toBeNull();
  expect(plan.next('b', 10_000, HEAD, 0)).toMatchObject({ from: 102 });
  plan.revoke('b');
  expect(plan.next('c', 10_000, HEAD, 0)).toMatchObject({ from: 102 });
});

it('gives up a request only after silence', () => {
  const plan = planWith(1000);
  plan.next('a', 10_000, HEAD, 0);
  plan.heard('a', 101, 500, 2500);
  expect(plan.expire(5000)).toEqual([]);
  expect(plan.expire(5501)).toEqual(['a']);
  expect(plan.idle).toBe(true);
});

it('asks a second peer, and no third, for the lowest blocks where nothing else can go on', () => {
  const plan = planWith(1000);
  plan.next('slow', 120, HEAD, 0);
  expect(plan.next('b', 120, HEAD, 500)).toBeNull();
  expect(plan.next('b', 120, HEAD, 1000)).toMatchObject({ from: 101, to: 120, insteadOf: 'slow' });
  expect(plan.next('c', 120, HEAD, 1500)).toBeNull();
  plan.put(101, sized(1));
  expect(plan.next('c', 120, HEAD, 9000)).toBeNull();
});

it('whatever comes in whatever order, no height is on its way twice, and all of them come', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 4 })), { maxLength: 300 }), (steps) => {
    const plan = planWith(200_000);
    let head = 0;
    const open: { peer: string; from: number; to: number }[] = [];
    const step = (peer: string, what: number): void => {
      const index = open.findIndex((one) => one.peer === peer);
      const request = open[index];
      if (what <= 1) {
        const next = plan.next(peer, 200, head, 0);
        if (next === null) return;
        for (const other of open) expect(next.to < other.from || next.from > other.to).toBe(true);
        open.push({ peer, from: next.from, to: next.to });
      } else if (request !== undefined && what === 2) {
        open.splice(index, 1);
        plan.end(peer, request.from);
      } else if (request !== undefined) {
        open.splice(index, 1);
        for (let height = request.from; height <= request.to; height++) if (plan.wants(height, head)) plan.put(height, sized(200_000));
        plan.end(peer, request.from);
      }
      while (plan.take(head + 1) !== undefined) plan.advance(++head);
    };
    for (const [peer, what] of steps) step(peer, what);
    for (let i = 0; i < 2000 && head < 200; i++) step(['a', 'b', 'c'][i % 3] as string, i % 2 === 0 ? 0 : 3);
    expect(head).toBe(200);
  }), seeded(100));
});
