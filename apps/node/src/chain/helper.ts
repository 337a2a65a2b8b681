import type { ChainStore } from '#evm';
import type { PeerLink } from '../peer/link.js';
import { decidedBlockFrame } from '../peer/messages.js';

const MAX_BLOCKS = 64n;
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
/** A late vote is no sign of a laggard; one that still comes after this is. */
const LATE_MS = 300;
const HELP_INTERVAL_MS = 500;

/** Gives decided blocks to peers that ask for them, or that still vote on heights which are decided. */
export class LaggardHelper {
  private readonly helpedAtMs = new Map<string, number>();

  constructor(
    private readonly store: ChainStore,
    /** When the head was committed here. */
    private readonly headSinceMs: () => number,
  ) {}

  /** Answers a request as far as one answer may go: who wants more asks again. */
  answer(link: PeerLink, from: bigint, to: bigint): void {
    let sentBytes = 0;
    for (let height = from; height <= to && height < from + MAX_BLOCKS && sentBytes < MAX_ANSWER_BYTES; height++) {
      const bytes = this.send(link, height);
      if (bytes === 0) return;
      sentBytes += bytes;
    }
  }

  /** A peer spoke of a height that is decided here. */
  heardOld(link: PeerLink, height: bigint, nowMs: number): void {
    const head = this.store.head().height;
    if (height > head || (height === head && nowMs - this.headSinceMs() < LATE_MS)) return;
    if (nowMs - (this.helpedAtMs.get(link.keyHex) ?? 0) < HELP_INTERVAL_MS) return;
    this.helpedAtMs.set(link.keyHex, nowMs);
    this.send(link, height);
  }

  forget(link: PeerLink): void {
    this.helpedAtMs.delete(link.keyHex);
  }

  private send(link: PeerLink, height: bigint): number {
    const block = this.store.blockBytes(height);
    const certificate = this.store.certificate(height);
    if (block === null || certificate === null) return 0;
    link.send(decidedBlockFrame(block, certificate));
    return block.length;
  }
}
