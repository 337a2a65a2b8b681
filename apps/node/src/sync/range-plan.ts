/** What one request may cover. */
const MAX_RANGE_BLOCKS = 64;
const RANGE_BYTES = 2 * 1024 * 1024;
/** How far above the head blocks are fetched, and how much of them may be here or on its way. */
const WINDOW_BLOCKS = 1024;
const WINDOW_BYTES = 48 * 1024 * 1024;
/** Guess of a block's size before the first has come. */
const FIRST_GUESS_BYTES = 64 * 1024;
const MAX_REQUESTS_PER_PEER = 2;
/** A request whose peer is silent for so long is given up. */
const STALL_MS = 3000;
/** The lowest blocks, when nothing else can go on without them, are asked for once more of another peer after this. */
const HEDGE_MS = 700;

export interface RangeRequest {
  peer: string;
  from: number;
  to: number;
  askedAtMs: number;
  heardAtMs: number;
  bytes: number;
  /** Somebody else was asked for what is missing of it. */
  hedged: boolean;
  /** Whom it was asked of before, in vain so far. */
  insteadOf: string | null;
}

interface Sized {
  bytes: number;
}

/**
 * Which blocks above the head are here, on their way, or to be asked for next, and of whom: bounded in blocks and in bytes. Pure;
 * the caller gives head and time.
 */
export class RangePlan<T extends Sized> {
  private readonly arrived = new Map<number, T>();
  private requests: RangeRequest[] = [];
  private arrivedBytes = 0;
  private averageBytes = FIRST_GUESS_BYTES;
  /** Everything up to here is here or on its way, as far as was looked. */
  private covered = 0;

  get idle(): boolean {
    return this.requests.length === 0;
  }

  at(height: number): T | undefined {
    return this.arrived.get(height);
  }

  /** Whether a block of this height has a place. Above the window nothing has, and a second copy neither. */
  wants(height: number, head: number): boolean {
    return height > head && height <= head + WINDOW_BLOCKS && !this.arrived.has(height) && (this.arrivedBytes < WINDOW_BYTES || height === head + 1);
  }

  put(height: number, item: T): void {
    this.arrived.set(height, item);
    this.arrivedBytes += item.bytes;
    this.averageBytes = this.averageBytes * 0.9 + item.bytes * 0.1;
  }

  take(height: number): T | undefined {
    const item = this.arrived.get(height);
    if (item === undefined) return undefined;
    this.arrived.delete(height);
    this.covered = 0;
    this.arrivedBytes -= item.bytes;
    return item;
  }

  /** Forgets what stands at or below the head, and requests that are over with it. */
  advance(head: number): void {
    const { covered } = this;
    for (const height of this.arrived.keys()) if (height <= head) this.take(height);
    this.requests = this.requests.filter(({ to }) => to > head);
    // What was taken is below the head now: nothing that was covered is open again.
    this.covered = covered;
  }

  /** Forgets what a predicate names: blocks of a peer that lied. */
  dropWhere(isHis: (item: T) => boolean): void {
    for (const [height, item] of this.arrived) if (isHis(item)) this.take(height);
  }

  /** A peer spoke: a block of a request, or anything of an answer. */
  heard(peer: string, height: number, bytes: number, nowMs: number): void {
    const request = this.requests.find((one) => one.peer === peer && height >= one.from && height <= one.to);
    if (request === undefined) return;
    request.heardAtMs = nowMs;
    request.bytes += bytes;
  }

  /** The answer that began at `from` is over; what is missing of it may be asked for again. */
  end(peer: string, from: number): RangeRequest | null {
    const request = this.requests.find((one) => one.peer === peer && one.from === from) ?? null;
    if (request !== null) this.keep((one) => one !== request);
    return request;
  }

  /** The peer is gone, or is not asked any more. */
  revoke(peer: string): void {
    this.keep((one) => one.peer !== peer);
  }

  /** Gives up what stalls, and answers whose it was. */
  expire(nowMs: number): string[] {
    const stalled = this.requests.filter((one) => nowMs - one.heardAtMs > STALL_MS);
    for (const { peer } of stalled) this.revoke(peer);
    return [...new Set(stalled.map(({ peer }) => peer))];
  }

  /** The next request to this peer, which has blocks up to `theirs`; null where there is nothing to ask of it now. */
  next(peer: string, theirs: number, head: number, nowMs: number): RangeRequest | null {
    if (this.requests.filter((one) => one.peer === peer).length >= MAX_REQUESTS_PER_PEER) return null;
    const last = Math.min(theirs, head + WINDOW_BLOCKS);
    const from = this.lowestUnasked(head, last);
    const range = from === null ? this.hedge(peer, last, head, nowMs) : this.fresh(from, last, head);
    if (range === null) return null;
    const request = { peer, insteadOf: null, ...range, askedAtMs: nowMs, heardAtMs: nowMs, bytes: 0, hedged: false };
    this.requests.push(request);
    return request;
  }

  private fresh(from: number, last: number, head: number): { from: number; to: number } | null {
    const onTheirWay = this.requests.reduce((sum, one) => sum + Math.max(0, (one.to - one.from + 1) * this.averageBytes - one.bytes), 0);
    const room = WINDOW_BYTES - this.arrivedBytes - onTheirWay;
    const inRoom = Math.floor(room / this.averageBytes);
    // The block that everything waits for has room, whatever else is here.
    if (inRoom < 1 && from !== head + 1) return null;
    const count = Math.max(1, Math.min(MAX_RANGE_BLOCKS, Math.floor(RANGE_BYTES / this.averageBytes), inRoom));
    let to = from;
    while (to < last && to - from + 1 < count && !this.isCovered(to + 1)) to += 1;
    return { from, to };
  }

  /** Nothing is left to ask for, and the lowest block does not come: another peer may be faster. */
  private hedge(peer: string, last: number, head: number, nowMs: number): { from: number; to: number; insteadOf: string } | null {
    const from = head + 1;
    const late = this.requests.find((one) => one.from <= from && from <= one.to && one.peer !== peer && !one.hedged && nowMs - one.askedAtMs > HEDGE_MS);
    if (late === undefined || this.arrived.has(from) || from > last) return null;
    late.hedged = true;
    return { from, to: Math.min(late.to, last), insteadOf: late.peer };
  }

  private lowestUnasked(head: number, last: number): number | null {
    for (let height = Math.max(head, this.covered) + 1; height <= last; height++) {
      if (!this.isCovered(height)) return height;
      this.covered = height;
    }
    return null;
  }

  private keep(stays: (request: RangeRequest) => boolean): void {
    this.requests = this.requests.filter(stays);
    this.covered = 0;
  }

  private isCovered(height: number): boolean {
    return this.arrived.has(height) || this.requests.some((one) => one.from <= height && height <= one.to);
  }
}
