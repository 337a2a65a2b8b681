import { collectAtRest } from './heap.js';

describe('a node at rest', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('collects its heap once after a busy time, and not for little work', () => {
    let committed = 0;
    let collected = 0;
    const timer = collectAtRest(() => committed, () => (collected += 1));
    const after = (transactions: number): number => {
      committed += transactions;
      jest.advanceTimersByTime(10_000);
      return collected;
    };
    expect([after(0), after(5000), after(5000)]).toEqual([0, 0, 0]);
    expect([after(0), after(0), after(0)]).toEqual([1, 1, 1]);
    expect([after(900), after(0), after(99), after(0)]).toEqual([1, 1, 1, 1]);
    expect([after(1), after(0)]).toEqual([1, 2]);
    clearInterval(timer);
  });

  it('can: the collector is there without a flag of the command line', () => {
    let committed = 0;
    const timer = collectAtRest(() => committed);
    committed = 5000;
    jest.advanceTimersByTime(10_000);
    expect(() => jest.advanceTimersByTime(10_000)).not.toThrow();
    clearInterval(timer);
  });
});
