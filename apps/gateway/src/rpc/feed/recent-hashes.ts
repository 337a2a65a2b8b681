const MAX_HASHES = 20_000;

/** The last so many names seen; the oldest are forgotten. */
export class RecentHashes {
  private readonly seen = new Set<string>();

  constructor(private readonly max: number = MAX_HASHES) {}

  /** Whether it is new. */
  add(name: string): boolean {
    if (this.seen.has(name)) return false;
    this.seen.add(name);
    if (this.seen.size > this.max) for (const oldest of this.seen) {
      this.seen.delete(oldest);
      break;
    }
    return true;
  }
}
