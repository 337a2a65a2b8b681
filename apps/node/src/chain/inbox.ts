import type { Message } from '#ledger';
import type { PeerLink } from '../peer/link.js';
import { heightOf } from '../peer/messages.js';

/** Peers that decided a little earlier speak of heights that are ours in a moment. */
const HEIGHTS_AHEAD = 3n;
const MAX_PER_PEER = 256;
const MAX_PROPOSALS_PER_PEER = 4;

/** Keeps what peers say of the next heights until this node is there. Bounded for each peer. */
export class Inbox {
  private kept: { peer: string; message: Message }[] = [];

  /** Keeps a message of a later height, or drops it. */
  keep(link: PeerLink, message: Message, current: bigint): void {
    const height = heightOf(message);
    if (height <= current || height > current + HEIGHTS_AHEAD) return;
    const own = this.kept.filter((one) => one.peer === link.keyHex);
    if (own.length >= MAX_PER_PEER) return;
    if (message.type === 'proposal' && own.filter((one) => one.message.type === 'proposal').length >= MAX_PROPOSALS_PER_PEER) return;
    this.kept.push({ peer: link.keyHex, message });
  }

  /** What was kept for this height; what is below it is forgotten. */
  take(height: bigint): Message[] {
    const now = this.kept.filter((one) => heightOf(one.message) === height).map((one) => one.message);
    this.kept = this.kept.filter((one) => heightOf(one.message) > height);
    return now;
  }
}
