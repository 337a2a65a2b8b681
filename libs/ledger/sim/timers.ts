import type { Effect, TimerKind } from '../src/index.js';
import type { NodePort } from './node-port.js';

/** One process's timers: of each kind one runs, the newest. */
export class SimTimers {
  private readonly newest = new Map<TimerKind, number>();
  private count = 0;

  constructor(private readonly node: NodePort) {}

  set({ timer, delayMs }: Extract<Effect, { type: 'setTimer' }>): void {
    const number = ++this.count;
    this.newest.set(timer.kind, number);
    this.node.later(delayMs, () => {
      if (this.newest.get(timer.kind) === number) this.node.feed({ type: 'timeout', timer });
    });
  }
}
