/** What happens at a virtual time. Events of the same time run in the order in which they were planned. */
export interface SimEvent {
  atMs: number;
  sequence: number;
  run: () => void;
}

/** Binary heap of events by (time, sequence). */
export class EventQueue {
  private readonly heap: SimEvent[] = [];
  private sequence = 0;
  nowMs = 0;

  get size(): number {
    return this.heap.length;
  }

  after(delayMs: number, run: () => void): void {
    this.heap.push({ atMs: this.nowMs + delayMs, sequence: this.sequence++, run });
    this.up(this.heap.length - 1);
  }

  /** Runs the next event; false where there is none before the end. */
  runNext(endMs: number): boolean {
    const first = this.heap[0];
    if (first === undefined || first.atMs > endMs) return false;
    const last = this.heap.pop();
    if (last !== undefined && last !== first) {
      this.heap[0] = last;
      this.down(0);
    }
    this.nowMs = first.atMs;
    first.run();
    return true;
  }

  private before(a: number, b: number): boolean {
    const [x, y] = [this.heap[a], this.heap[b]];
    if (x === undefined || y === undefined) return false;
    return x.atMs < y.atMs || (x.atMs === y.atMs && x.sequence < y.sequence);
  }

  private swap(a: number, b: number): void {
    const [x, y] = [this.heap[a], this.heap[b]];
    if (x === undefined || y === undefined) return;
    this.heap[a] = y;
    this.heap[b] = x;
  }

  private up(at: number): void {
    for (let i = at; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!this.before(i, parent)) return;
      this.swap(i, parent);
      i = parent;
    }
  }

  private down(at: number): void {
    for (let i = at; ; ) {
      let least = i;
      if (this.before(2 * i + 1, least)) least = 2 * i + 1;
      if (this.before(2 * i + 2, least)) least = 2 * i + 2;
      if (least === i) return;
      this.swap(i, least);
      i = least;
    }
  }
}
