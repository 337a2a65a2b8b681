import type { Input, Message } from '#ledger';
import type { PeerLink } from '../peer/link.js';
import { heightOf, sizeOf } from '../peer/messages.js';

/** Peers that decided a little earlier speak of heights that are ours in a moment. */
const HEIGHTS_AHEAD = 3n;
const MAX_PER_PEER = 256;
const MAX_PROPOSALS_PER_PEER = 4;
/** As much as the largest frame, and what goes with it: a larger one would be lost on every way. */
const MAX_BYTES_PER_PEER = 48 * 1024 * 1024;

/** Keeps what peers say of the next heights until this node is there (docs/spec/consensus.md, rule 16). Bounded for each peer. */
export class Inbox {
  private readonly kept = new Map<string, Message[]>();

  /** Keeps a message of a later height, or drops it. */
  keep({ keyHex }: Pick<PeerLink, 'keyHex'>, message: Message, current: bigint): void {
    const height = heightOf(message);
    if (height <= current || height > current + HEIGHTS_AHEAD) return;
    const own = this.kept.get(keyHex) ?? [];
    if (own.length >= MAX_PER_PEER) return;
    if (message.type === 'proposal' && own.filter(({ type }) => type === 'proposal').length >= MAX_PROPOSALS_PER_PEER) return;
    if (own.reduce((sum, one) => sum + sizeOf(one), sizeOf(message)) > MAX_BYTES_PER_PEER) return;
    own.push(message);
    this.kept.set(keyHex, own);
  }

  /** What was kept for this height; what is below it is forgotten. */
  take(height: bigint): Message[] {
    const now: Message[] = [];
    for (const [peer, own] of this.kept) {
      now.push(...own.filter((one) => heightOf(one) === height));
      const later = own.filter((one) => heightOf(one) > height);
      if (later.length > 0) this.kept.set(peer, later);
      else this.kept.delete(peer);
    }
    return now;
  }
}

/** A message as the machine takes it. */
export function inputOf(message: Message): Input {
  return message.type === 'proposal' ? { type: 'proposal', proposal: message.proposal, nowMs: BigInt(Date.now()) } : message;
}
