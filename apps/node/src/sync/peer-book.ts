/** A peer that lied is closed and not asked again for so long. */
const BAN_MS = 60_000;
/** One that stalled, or is this many times slower than the fastest, is passed over, longer each time. */
const PASS_OVER_MS = 10_000;
const MAX_PASS_OVER_MS = 60_000;
const SLOW_FACTOR = 10;
/** How much one answer counts against those before. */
const NEWEST_SHARE = 0.4;
const MAX_PEERS = 1000;

interface Entry {
  /** Of its answers, from asking to the last block; null until the first. */
  bytesPerSecond: number | null;
  /** Verified ones that it gave. */
  blocks: number;
  stalls: number;
  passedOverUntilMs: number;
  bannedUntilMs: number;
}

/** What block sync remembers of its peers, by their keys: connections come and go. Pure; the caller gives the time. */
export class PeerBook {
  private readonly entries = new Map<string, Entry>();

  /** An answer came whole. */
  answered(key: string, bytes: number, tookMs: number): void {
    const entry = this.entry(key);
    const speed = (bytes * 1000) / Math.max(1, tookMs);
    entry.bytesPerSecond = entry.bytesPerSecond === null ? speed : entry.bytesPerSecond * (1 - NEWEST_SHARE) + speed * NEWEST_SHARE;
    entry.stalls = 0;
  }

  gave(key: string): void {
    this.entry(key).blocks += 1;
  }

  /** How many verified blocks each peer gave. */
  get blocksFrom(): ReadonlyMap<string, number> {
    return new Map([...this.entries].map(([key, { blocks }]) => [key, blocks]));
  }

  /** It let a request lie, or answered with nothing although it has the blocks. */
  stalled(key: string, nowMs: number): void {
    const entry = this.entry(key);
    entry.passedOverUntilMs = nowMs + Math.min(MAX_PASS_OVER_MS, PASS_OVER_MS * 2 ** entry.stalls);
    entry.stalls += 1;
  }

  lied(key: string, nowMs: number): void {
    this.entry(key).bannedUntilMs = nowMs + BAN_MS;
  }

  isBanned(key: string, nowMs: number): boolean {
    return nowMs < (this.entries.get(key)?.bannedUntilMs ?? 0);
  }

  /** Whom to ask, the fastest first; who was never asked counts as fast. Of those passed over one at most, where nobody else is left. */
  ranked(keys: readonly string[], nowMs: number): string[] {
    const honest = keys.filter((key) => !this.isBanned(key, nowMs));
    const speedOf = (key: string): number => this.entries.get(key)?.bytesPerSecond ?? Infinity;
    const sorted = honest.sort((a, b) => speedOf(b) - speedOf(a) || (a < b ? -1 : 1));
    const best = Math.max(0, ...sorted.map(speedOf).filter(Number.isFinite));
    for (const key of sorted) if (speedOf(key) * SLOW_FACTOR < best) this.slow(key, nowMs);
    const willing = sorted.filter((key) => nowMs >= (this.entries.get(key)?.passedOverUntilMs ?? 0));
    return willing.length > 0 ? willing : sorted.slice(0, 1);
  }

  /** Its old speed is forgotten with the time: then it is measured again. */
  private slow(key: string, nowMs: number): void {
    const entry = this.entry(key);
    if (nowMs < entry.passedOverUntilMs) return;
    entry.bytesPerSecond = null;
    entry.passedOverUntilMs = nowMs + PASS_OVER_MS;
  }

  private entry(key: string): Entry {
    let entry = this.entries.get(key);
    if (entry === undefined) {
      entry = { bytesPerSecond: null, blocks: 0, stalls: 0, passedOverUntilMs: 0, bannedUntilMs: 0 };
      this.entries.set(key, entry);
      const oldest = this.entries.keys().next().value;
      if (this.entries.size > MAX_PEERS && oldest !== undefined) this.entries.delete(oldest);
    }
    return entry;
  }
}
