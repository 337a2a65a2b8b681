import { RuntimeError } from '../errors.js';

/**
 * When a call fails: `before` it had any effect, as an engine that is not reached; `after` it had its whole effect, as an
 * answer that is lost on the way back.
 */
export type Fault = 'before' | 'after';

/** Asked at each call, in order; `call` is the port's method, `count` how many calls of any kind came before. */
export type FaultPlan = (call: string, count: number) => Fault | undefined;

/** One fault at the n-th call (from 0). */
export function faultAt(index: number, fault: Fault): FaultPlan {
  return (_call, count) => (count === index ? fault : undefined);
}

/** Fails a share of all calls, half before and half after, reproducibly for a seed. */
export function randomFaults(seed: number, share: number): FaultPlan {
  let state = seed >>> 0;
  // mulberry32
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => (random() >= share ? undefined : random() < 0.5 ? 'before' : 'after');
}

/** Counts calls and fails those that the plan names. */
export class FaultInjector {
  calls = 0;

  constructor(private readonly plan: FaultPlan | undefined) {}

  async run<T>(call: string, effect: () => T): Promise<T> {
    const fault = this.plan?.(call, this.calls++);
    if (fault === 'before') throw new RuntimeError('Unreachable', `The fake failed before ${call}.`);
    const result = effect();
    // A turn of the loop, as any real call takes: code that forgets to await shows.
    await new Promise((resolve) => setImmediate(resolve));
    if (fault === 'after') throw new RuntimeError('Timeout', `The fake failed after ${call}: it has happened.`);
    return result;
  }
}
