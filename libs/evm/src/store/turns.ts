import { setImmediate as nextTurn } from 'node:timers/promises';
import { EvmError } from '../errors.js';

/** The event loop gets a turn after so long: votes and timers must not wait for a search. */
const SLICE_MS = 8;
const MOST_BEGUN = 16;

/**
 * Runs long reads in slices, one slice in one turn of the event loop, however many reads there are: each would otherwise take its slice
 * in the same turn, and a thousand of them would hold the loop as one long read does. They take turns, so that none waits for another's end.
 */
export class Turns {
  private last: Promise<void> = Promise.resolve();
  private begun = 0;
  private readonly waiting: (() => void)[] = [];

  /** @param most reads that are begun at one time: each holds what it has found, so that a batch of a thousand would hold gigabytes. */
  constructor(private readonly most: number = MOST_BEGUN) {}

  /**
   * Runs the generator to its end; it yields where it may be interrupted.
   * @param mostMs of work, without the waiting. @throws EvmError `searchTooLong`.
   */
  async run<T>(steps: Generator<void, T>, mostMs: number): Promise<T> {
    if (this.begun >= this.most) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.begun += 1;
    try {
      return await this.inSlices(steps, mostMs);
    } finally {
      // Whoever waits takes this one's place.
      const next = this.waiting.shift();
      if (next === undefined) this.begun -= 1;
      else next();
    }
  }

  private async inSlices<T>(steps: Generator<void, T>, mostMs: number): Promise<T> {
    let beganMs = performance.now();
    let spentMs = 0;
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      const sliceMs = performance.now() - beganMs;
      if (sliceMs < SLICE_MS) continue;
      spentMs += sliceMs;
      // Thrown where it stands, so that what it has open ends with it.
      if (spentMs > mostMs) steps.throw(new EvmError('searchTooLong', `the search took more than ${mostMs} ms: ask for a smaller range of blocks`));
      this.last = this.last.then(() => nextTurn());
      await this.last;
      beganMs = performance.now();
    }
  }
}

/** The same in one go. */
export function runAtOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
