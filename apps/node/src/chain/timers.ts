import type { TimerId, TimerKind } from '#ledger';

/** One timer of each kind: setting one replaces it. */
export class Timers {
  private readonly running = new Map<TimerKind, NodeJS.Timeout>();

  constructor(private readonly expired: (timer: TimerId) => void) {}

  set(timer: TimerId, delayMs: number): void {
    clearTimeout(this.running.get(timer.kind));
    this.running.set(timer.kind, setTimeout(() => this.expired(timer), delayMs));
  }

  stop(): void {
    for (const timer of this.running.values()) clearTimeout(timer);
    this.running.clear();
  }
}
