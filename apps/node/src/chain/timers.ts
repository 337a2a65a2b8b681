import type { TimerId, TimerKind } from '#ledger';

/** The system's timers hold no more, and expire at once when they are given more. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** One timer of each kind: setting one replaces it. */
export class Timers {
  private readonly running = new Map<TimerKind, NodeJS.Timeout>();

  constructor(private readonly expired: (timer: TimerId) => void) {}

  set(timer: TimerId, delayMs: number): void {
    clearTimeout(this.running.get(timer.kind));
    this.running.set(timer.kind, setTimeout(() => this.expired(timer), Math.min(delayMs, MAX_DELAY_MS)));
  }

  stop(): void {
    for (const timer of this.running.values()) clearTimeout(timer);
    this.running.clear();
  }
}
