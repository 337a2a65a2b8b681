import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { ChainStore } from '#evm';
import type { PeerLink } from '../peer/link.js';
import { blocksEndFrame, decidedBlockFrame } from '../peer/messages.js';

const MAX_BLOCKS = 64n;
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
/** Requests of one peer that wait for their answer; more are answered with nothing. */
const MAX_REQUESTS = 4;
/** One peer's answers together, over some seconds. */
const MAX_BYTES_PER_SECOND = 32 * 1024 * 1024;
/** No further block goes out while so much waits for the peer to read it: its votes come after. */
const MAX_WAITING_BYTES = 2 * 1024 * 1024;
const LOOK_AGAIN_MS = 10;
/** Read and sent before the event loop has a turn. */
const SLICE_BYTES = 256 * 1024;
/** A late vote is no sign of a laggard; one that still comes after this is. */
const LATE_MS = 300;
const HELP_INTERVAL_MS = 500;

interface Served {
  helpedAtMs: number;
  requests: { from: bigint; to: bigint }[];
  answering: boolean;
  /** When the bytes that were sent will have been within the rate. */
  paidUntilMs: number;
}

/** Gives decided blocks to peers that ask for them, or that still vote on heights which are decided: bounded for each peer. */
export class LaggardHelper {
  private readonly peers = new Map<string, Served>();
  private stopped = false;

  constructor(
    private readonly store: ChainStore,
    /** When the head was committed here. */
    private readonly headSinceMs: () => number,
  ) {}

  /**
   * Answers a request as far as one answer may go, and says where it ended: who wants more asks again.
   * @throws Error for a range that holds no block.
   */
  answer(link: PeerLink, from: bigint, to: bigint): void {
    if (from < 1n || to < from) throw new Error(`asks for blocks ${from} to ${to}`);
    const served = this.servedOf(link);
    if (served.requests.length >= MAX_REQUESTS) {
      link.send(blocksEndFrame(from, from - 1n));
      return;
    }
    served.requests.push({ from, to });
    if (!served.answering) void this.serve(link, served);
  }

  /** A peer spoke of a height that is decided here. */
  heardOld(link: PeerLink, height: bigint, nowMs: number): void {
    const head = this.store.head().height;
    if (height > head || (height === head && nowMs - this.headSinceMs() < LATE_MS)) return;
    const served = this.servedOf(link);
    if (nowMs - served.helpedAtMs < HELP_INTERVAL_MS) return;
    served.helpedAtMs = nowMs;
    this.send(link, height);
  }

  forget(link: PeerLink): void {
    this.peers.delete(link.keyHex);
  }

  /** One request after another; the peer's reading and the rate set the pace. */
  private async serve(link: PeerLink, served: Served): Promise<void> {
    served.answering = true;
    for (let request = served.requests[0]; request !== undefined && !link.closed; request = served.requests[0]) {
      const last = await this.serveRange(link, served, request.from, request.to);
      link.send(blocksEndFrame(request.from, last));
      served.requests.shift();
    }
    served.answering = false;
  }

  private async serveRange(link: PeerLink, served: Served, from: bigint, to: bigint): Promise<bigint> {
    let answerBytes = 0;
    let sliceBytes = 0;
    let height = from;
    for (; height <= to && height < from + MAX_BLOCKS && answerBytes < MAX_ANSWER_BYTES; height++) {
      if (sliceBytes > SLICE_BYTES) {
        sliceBytes = 0;
        await nextTurn();
      }
      while (!link.closed && (link.waitingBytes > MAX_WAITING_BYTES || served.paidUntilMs > Date.now())) await delay(LOOK_AGAIN_MS);
      const bytes = link.closed || this.stopped ? 0 : this.send(link, height);
      if (bytes === 0) break;
      answerBytes += bytes;
      sliceBytes += bytes;
      served.paidUntilMs = Math.max(Date.now() - LOOK_AGAIN_MS, served.paidUntilMs) + (bytes * 1000) / MAX_BYTES_PER_SECOND;
    }
    return height - 1n;
  }

  /** The store is about to be closed. */
  stop(): void {
    this.stopped = true;
  }

  private servedOf(link: PeerLink): Served {
    const known = this.peers.get(link.keyHex);
    if (known !== undefined) return known;
    const served: Served = { helpedAtMs: 0, requests: [], answering: false, paidUntilMs: 0 };
    this.peers.set(link.keyHex, served);
    return served;
  }

  /** Answers the block's size, or 0 where it is not here. */
  private send(link: PeerLink, height: bigint): number {
    const block = this.store.blockBytes(height);
    const certificate = this.store.certificate(height);
    if (block === null || certificate === null) return 0;
    link.send(decidedBlockFrame(block, certificate));
    return block.length;
  }
}
