/** A small cache whose entries expire and whose number is bounded: the oldest leaves first. Holds promises, so that many
 * requests at once cost one lookup; a failed lookup is not kept. */
export class BoundedCache<T> {
  private readonly entries = new Map<string, { value: Promise<T>; endsAtMs: number }>();

  constructor(
    private readonly maxEntries: number,
    private readonly ttlMs: number,
  ) {}

  get(key: string, nowMs: number, load: () => Promise<T>): Promise<T> {
    const found = this.entries.get(key);
    if (found !== undefined && found.endsAtMs > nowMs) return found.value;
    this.entries.delete(key);
    if (this.entries.size >= this.maxEntries) {
      const oldest = this.entries.keys().next().value;
      if (oldest !== undefined) this.entries.delete(oldest);
    }
    const value = load();
    const entry = { value, endsAtMs: nowMs + this.ttlMs };
    this.entries.set(key, entry);
    value.catch(() => {
      if (this.entries.get(key) === entry) this.entries.delete(key);
    });
    return value;
  }

  get size(): number {
    return this.entries.size;
  }
}
