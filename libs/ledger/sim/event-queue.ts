import type { Prng } from './prng.js';

/** Virtual time 0, as a node whose clock is right sees it. */
export const EPOCH_MS = 1_700_000_000_000;

/** What happens at a virtual time. */
interface SimEvent {
  atMs: number;
  /** Among events of one time: by chance where the queue shuffles, else 0. */
  rank: number;
  sequence: number;
  run: () => void;
}

/** Binary heap of events by time; those of one tick run in the order in which they were planned, or in any order that the seed draws. */
export class EventQueue {
  private readonly heap: SimEvent[] = [];
  private sequence = 0;
  nowMs = 0;

  /** @param shuffle draws the order within one tick; null keeps the order of planning. */
  constructor(private readonly shuffle: Prng | null = null) {}

  get size(): number {
    return this.heap.length;
  }

  after(delayMs: number, run: () => void): void {
    const { heap } = this;
    const event = { atMs: this.nowMs + delayMs, rank: this.shuffle === null ? 0 : this.shuffle.next(), sequence: this.sequence++, run };
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as SimEvent;
      if (!isBefore(event, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = event;
  }

  /** Runs the next event; false where there is none before the end. */
  runNext(endMs: number): boolean {
    const first = this.heap[0];
    if (first === undefined || first.atMs > endMs) return false;
    const last = this.heap.pop() as SimEvent;
    if (last !== first) this.sink(last);
    this.nowMs = first.atMs;
    first.run();
    return true;
  }

  /** Puts an event where it belongs, from the top down. */
  private sink(event: SimEvent): void {
    const { heap } = this;
    const size = heap.length;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      const right = child + 1;
      const least = right < size && isBefore(heap[right] as SimEvent, heap[child] as SimEvent) ? right : child;
      const below = heap[least] as SimEvent;
      if (!isBefore(below, event)) break;
      heap[at] = below;
      at = least;
    }
    heap[at] = event;
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  return a.rank !== b.rank ? a.rank < b.rank : a.sequence < b.sequence;
}
