import { setImmediate as nextTurn } from 'node:timers/promises';
import { Turns } from './turns.js';

describe('work for peers', () => {
  const settled = async (): Promise<void> => {
    for (let i = 0; i < 100; i++) await nextTurn();
  };

  it('is done in the order of each peer, a piece of each in turn', async () => {
    const turns = new Turns();
    const done: string[] = [];
    const job = (name: string, pieces: number) => (): boolean => {
      done.push(name);
      return --pieces === 0;
    };
    for (const n of [1, 2]) turns.add('flood', job(`flood ${n}`, 6));
    turns.add('honest', job('honest 1', 1));
    turns.add('honest', job('honest 2', 2));
    await settled();
    expect(done.filter((name) => name.startsWith('flood'))).toEqual([...Array<string>(6).fill('flood 1'), ...Array<string>(6).fill('flood 2')]);
    expect(done.filter((name) => name.startsWith('honest'))).toEqual(['honest 1', 'honest 2', 'honest 2']);
    // Three pieces of its own, and as many of the other's between them and before.
    expect(done.lastIndexOf('honest 2')).toBeLessThanOrEqual(6);
    turns.add('later', job('later', 1));
    expect(done.at(-1)).toBe('later');
  });

  it('leaves the event loop a turn between two pieces', async () => {
    const turns = new Turns();
    let pieces = 0;
    let seen = 0;
    turns.add('one', () => ++pieces === 50);
    for (let i = 0; i < 200 && pieces < 50; i++) {
      const before = pieces;
      await nextTurn();
      seen = Math.max(seen, pieces - before);
    }
    expect([pieces, seen]).toEqual([50, 1]);
  });
});
