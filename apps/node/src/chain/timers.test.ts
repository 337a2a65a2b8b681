import { Timers } from './timers.js';

describe('timers of a chain', () => {
  test('a delay that is more than a timer holds does not expire at once', async () => {
    let expired = 0;
    const timers = new Timers(() => expired++);
    timers.set({ kind: 'propose', height: 1n, round: 0 }, 2 ** 32 - 1);
    await new Promise<void>((resolve) => setTimeout(resolve, 50));
    timers.stop();
    expect(expired).toBe(0);
  });
});
