import { countBits, type PageBits } from './page-bits.js';
import { HISTORY_KEY, oldestState, SWEPT_KEY } from './history.js';
import { heldBits, pageWithout } from './node-pages.js';
import { storedRoot } from './roots.js';
import { deadNodes, type Span } from './sweep.js';
import { heightKey, placeKey, type Tables } from './tables.js';

/** Heights that are swept together: a node that each block replaces is then looked at once. */
const MAX_SPAN_HEIGHTS = 64n;
/** Nodes that the blocks of a span may have made together, unless it is one block: bounds memory and the list's transaction. */
const MAX_SPAN_NODES = 20_000;
/** The event loop is given back after so much work, and has at least so many times as long for itself. */
const SLICE_MS = 3;
const REST_FACTOR = 3;
/** Pages that one batch writes. */
const BATCH_PAGES = 64;
/** A page is written anew when this part of its nodes is dead: sooner would write more than it frees. */
const WORTH_WRITING = 3;

/**
 * Takes the nodes off the disk that no state has any more of which the store still answers: those of the last `depth` blocks, and of
 * genesis. In the background, in small steps:
 *
 * 1. the states below a height are no longer answered; which nodes only they have is found out;
 * 2. one transaction puts these nodes on a list (`dead`) and says up to where it goes;
 * 3. pages that have enough of them are written without them, or removed, and taken from the list.
 *
 * Whenever the process dies, each of these has happened or has not, and doing 3 again does nothing: what is on the list is in no tree
 * that is answered, and what is in such a tree is never on it.
 */
export class Pruner {
  private readonly depth: bigint;
  private head: bigint;
  private swept: bigint;
  private kept: bigint;
  private running: Promise<void> | null = null;
  private isStopped = false;
  /** Somebody waits for the end of it: without rests. */
  private isHurried = false;
  /** Ends a rest. */
  private wake = (): void => undefined;

  /**
   * @param depth blocks below the head whose states are kept.
   * @param failed told when it cannot go on; the store works without it, and grows.
   */
  constructor(
    private readonly tables: Tables,
    { depth, base, head }: { depth: number; base: bigint; head: bigint },
    private readonly failed: (error: unknown) => void,
  ) {
    this.depth = BigInt(depth);
    this.head = head;
    this.kept = oldestState(tables, base);
    const swept = tables.meta.get(SWEPT_KEY)?.readBigUInt64BE(0) ?? 0n;
    this.swept = swept > base ? swept : base;
    this.start(true);
  }

  /** The lowest height, beside 0, whose state is answered. */
  get oldest(): bigint {
    return this.kept;
  }

  /** After each block. */
  advanced(head: bigint): void {
    this.head = head;
    this.start(false);
  }

  /** Resolves when all is done that can be done at this head. */
  async settled(): Promise<void> {
    this.isHurried = true;
    this.wake();
    while (this.running !== null) await this.running;
    this.isHurried = false;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.wake();
    await this.running;
  }

  /** @param withLeft also what was on the list before. */
  private start(withLeft: boolean): void {
    if (this.running !== null || this.isStopped || (!withLeft && this.nextSpan() === null)) return;
    this.running = this.run(withLeft)
      .catch((error: unknown) => {
        this.isStopped = true;
        this.failed(error);
      })
      .finally(() => {
        this.running = null;
        this.start(false);
      });
  }

  private async run(withLeft: boolean): Promise<void> {
    if (withLeft) await this.freeListed();
    for (let span = this.nextSpan(); span !== null && !this.isStopped; span = this.nextSpan()) {
      this.kept = span.to > this.kept ? span.to : this.kept;
      const dead = await this.inSlices(deadNodes(this.tables, span));
      if (dead === null) return;
      await this.list(span, dead);
      await this.free([...dead].map(([height, page]) => placeKey(BigInt(height), page)));
    }
  }

  /** The next heights whose states go, or null while they are too few to be worth it. */
  private nextSpan(): Span | null {
    const end = this.head - this.depth;
    const few = this.depth / 8n;
    const least = few < 1n ? 1n : few > MAX_SPAN_HEIGHTS ? MAX_SPAN_HEIGHTS : few;
    if (end < this.swept + least) return null;
    let to = this.swept + 1n;
    for (let nodes = this.nodesOf(to); to < end && to < this.swept + MAX_SPAN_HEIGHTS; to++) {
      nodes += this.nodesOf(to + 1n);
      if (nodes > MAX_SPAN_NODES) break;
    }
    return { from: this.swept, to };
  }

  /** How many nodes a block has made: its root is the last of them, unless it changed nothing. */
  private nodesOf(height: bigint): number {
    const root = storedRoot(this.tables, height);
    return root !== null && root.height === Number(height) ? root.index + 1 : 0;
  }

  private async list({ from, to }: Span, dead: PageBits): Promise<void> {
    const { tables } = this;
    await tables.root.transaction(() => {
      for (const [height, page, bits] of dead) {
        const key = placeKey(BigInt(height), page);
        const listed = tables.dead.get(key)?.readUInt32BE(0) ?? 0;
        const value = Buffer.allocUnsafe(4);
        value.writeUInt32BE((listed | bits) >>> 0);
        void tables.dead.put(key, value);
      }
      for (let height = from; height < to; height++) if (height > 0n) void tables.roots.remove(heightKey(height));
      void tables.meta.put(SWEPT_KEY, heightKey(to));
      void tables.meta.put(HISTORY_KEY, heightKey(to));
    });
    this.swept = to;
  }

  /** What an earlier process has left of the list: all of it, as nobody knows how far it came. */
  private async freeListed(): Promise<void> {
    let after: Buffer | undefined;
    for (;;) {
      const keys = [...this.tables.dead.getKeys(after === undefined ? { limit: BATCH_PAGES } : { start: after, exclusiveStart: true, limit: BATCH_PAGES })].map((key) => Buffer.from(key));
      await this.free(keys);
      after = keys.at(-1);
      if (after === undefined || this.isStopped) return;
    }
  }

  private async free(keys: readonly Buffer[]): Promise<void> {
    for (let first = 0; first < keys.length && !this.isStopped; first += BATCH_PAGES) {
      const beganMs = performance.now();
      const written = this.tables.root.batch(() => {
        for (const key of keys.slice(first, first + BATCH_PAGES)) this.freePage(key);
      });
      await written;
      await this.rest(performance.now() - beganMs);
    }
  }

  private freePage(key: Buffer): void {
    const { nodes, dead } = this.tables;
    const listed = dead.get(key)?.readUInt32BE(0) ?? 0;
    const page = nodes.getBinaryFast(key);
    const held = page === undefined ? 0 : heldBits(page);
    const gone = (held & listed) >>> 0;
    if (page === undefined || gone === held) void nodes.remove(key);
    else if (countBits(gone) * WORTH_WRITING < countBits(held)) return;
    else void nodes.put(key, pageWithout(page, gone));
    void dead.remove(key);
  }

  /** Null when it was stopped on the way. */
  private async inSlices<T>(work: Generator<void, T>): Promise<T | null> {
    for (;;) {
      const beganMs = performance.now();
      do {
        const step = work.next();
        if (step.done === true) return step.value;
      } while (performance.now() - beganMs < SLICE_MS);
      await this.rest(performance.now() - beganMs);
      if (this.isStopped) return null;
    }
  }

  private rest(workedMs: number): Promise<void> {
    if (this.isHurried || this.isStopped) return new Promise((resolve) => setImmediate(resolve));
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, workedMs * REST_FACTOR);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
