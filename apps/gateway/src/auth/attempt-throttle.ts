/** At most `max` attempts under this key within the window. */
export interface AttemptLimit {
  key: string;
  max: number;
}

const WINDOW_MS = 10 * 60_000;
const MAX_ENTRIES = 50_000;

interface Window {
  attempts: number;
  endsAtMs: number;
}

/** Bounded counts of attempts, so that neither guessing at one account nor spraying many pays. One per process. */
export class AttemptThrottle {
  private readonly windows = new Map<string, Window>();

  constructor(
    private readonly windowMs: number = WINDOW_MS,
    private readonly maxEntries: number = MAX_ENTRIES,
  ) {}

  /**
   * Counts an attempt before the work is done, so that parallel attempts cannot slip past the limits.
   * @returns 0 where it may go on, else the seconds to wait.
   */
  attempt(limits: readonly AttemptLimit[], nowMs: number): number {
    const waitMs = Math.max(0, ...limits.map((limit) => this.waitOf(limit, nowMs)));
    if (waitMs > 0) return Math.ceil(waitMs / 1000);
    for (const { key } of limits) this.count(key, nowMs);
    return 0;
  }

  /** Gives one attempt back under each key: it was no guess. */
  forgive(limits: readonly AttemptLimit[]): void {
    for (const { key } of limits) {
      const window = this.windows.get(key);
      if (window !== undefined) window.attempts = Math.max(0, window.attempts - 1);
    }
  }

  private waitOf({ key, max }: AttemptLimit, nowMs: number): number {
    const window = this.windows.get(key);
    if (window === undefined || window.endsAtMs <= nowMs || window.attempts < max) return 0;
    return window.endsAtMs - nowMs;
  }

  private count(key: string, nowMs: number): void {
    const window = this.windows.get(key);
    if (window !== undefined && window.endsAtMs > nowMs) {
      window.attempts += 1;
      return;
    }
    this.windows.delete(key);
    if (this.windows.size >= this.maxEntries) {
      const oldest = this.windows.keys().next().value;
      if (oldest !== undefined) this.windows.delete(oldest);
    }
    this.windows.set(key, { attempts: 1, endsAtMs: nowMs + this.windowMs });
  }
}
