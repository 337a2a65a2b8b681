import type { Message } from '../src/index.js';
import { heightOf } from './wire.js';

const MAX_KEPT = 512;
const HEIGHTS_AHEAD = 3n;

/** Messages of the next heights, kept until the machine is there. */
export class Inbox {
  private kept: Message[] = [];

  keep(message: Message, current: bigint): void {
    if (heightOf(message) <= current + HEIGHTS_AHEAD && this.kept.length < MAX_KEPT) this.kept.push(message);
  }

  take(height: bigint): Message[] {
    const now = this.kept.filter((message) => heightOf(message) === height);
    this.kept = this.kept.filter((message) => heightOf(message) > height);
    return now;
  }
}
