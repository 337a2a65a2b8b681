import { runAtOnce, Turns } from './turns.js';

/** Takes so long, and says where it may be interrupted every millisecond. */
function* busy(name: string, ms: number, log: string[]): Generator<void, string> {
  for (let i = 0; i < ms; i++) {
    const untilMs = performance.now() + 1;
    while (performance.now() < untilMs);
    yield;
  }
  log.push(name);
  return name;
}

describe('long reads', () => {
  it('let timers run between their slices, however many there are, and end in the order of their length', async () => {
    const turns = new Turns(21);
    const log: string[] = [];
    let turnsSeen = 0;
    let ticking = true;
    const tick = (): void => {
      turnsSeen += 1;
      if (ticking) setImmediate(tick);
    };
    const many = Array.from({ length: 20 }, (_, i) => turns.run(busy(`long ${i}`, 40, log), 10_000));
    tick();
    await turns.run(busy('short', 2, log), 10_000);
    await Promise.all(many);
    ticking = false;
    expect(log[0]).toBe('short');
    expect(log).toHaveLength(21);
    // Some 100 slices: if all who wait took theirs in one turn, there would be 5.
    expect(turnsSeen).toBeGreaterThan(50);
  });

  it('are begun only so many at a time, and a failed one gives its place away', async () => {
    const turns = new Turns(2);
    const log: string[] = [];
    let open = 0;
    let mostOpen = 0;
    function* counted(ms: number, name: string): Generator<void, string> {
      mostOpen = Math.max(mostOpen, ++open);
      try {
        return yield* busy(name, ms, log);
      } finally {
        open -= 1;
      }
    }
    const all = await Promise.allSettled([turns.run(counted(1_000, 'fails'), 20), ...['a', 'b', 'c', 'd'].map((name) => turns.run(counted(12, name), 1_000))]);
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled', 'fulfilled']);
    expect(mostOpen).toBe(2);
  });

  it('end when they take too much', async () => {
    await expect(new Turns().run(busy('a', 1_000, []), 20)).rejects.toMatchObject({ code: 'searchTooLong' });
  });

  it('answer at once where nobody else waits', () => expect(runAtOnce(busy('a', 1, []))).toBe('a'));
});
