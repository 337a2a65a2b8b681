/** A bounded count of failed logins per account and per address, so that neither guessing one nor spraying many pays. */
export interface ThrottleLimits {
  perAccount: number;
  perAddress: number;
  windowMs: number;
  maxEntries: number;
}

export const LOGIN_LIMITS: ThrottleLimits = { perAccount: 8, perAddress: 40, windowMs: 10 * 60_000, maxEntries: 50_000 };

interface Window {
  failures: number;
  endsAtMs: number;
}

export class LoginThrottle {
  private readonly windows = new Map<string, Window>();

  constructor(private readonly limits: ThrottleLimits = LOGIN_LIMITS) {}

  /**
   * Counts an attempt before its password is looked at, so that parallel attempts cannot slip past the limit.
   * @returns 0 where it may go on, else the seconds to wait.
   */
  attempt(account: string, address: string, nowMs: number): number {
    const waitMs = Math.max(
      this.waitOf(`account ${account}`, this.limits.perAccount, nowMs),
      this.waitOf(`address ${address}`, this.limits.perAddress, nowMs),
    );
    if (waitMs > 0) return Math.ceil(waitMs / 1000);
    this.count(`account ${account}`, nowMs);
    this.count(`address ${address}`, nowMs);
    return 0;
  }

  /** A right password clears the account and gives the address its attempt back; other failures from there still count. */
  succeeded(account: string, address: string): void {
    this.windows.delete(`account ${account}`);
    const window = this.windows.get(`address ${address}`);
    if (window !== undefined) window.failures = Math.max(0, window.failures - 1);
  }

  private waitOf(key: string, limit: number, nowMs: number): number {
    const window = this.windows.get(key);
    if (window === undefined || window.endsAtMs <= nowMs || window.failures < limit) return 0;
    return window.endsAtMs - nowMs;
  }

  private count(key: string, nowMs: number): void {
    const window = this.windows.get(key);
    if (window !== undefined && window.endsAtMs > nowMs) {
      window.failures += 1;
      return;
    }
    this.windows.delete(key);
    if (this.windows.size >= this.limits.maxEntries) {
      const oldest = this.windows.keys().next().value;
      if (oldest !== undefined) this.windows.delete(oldest);
    }
    this.windows.set(key, { failures: 1, endsAtMs: nowMs + this.limits.windowMs });
  }
}
