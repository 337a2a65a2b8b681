import type { Message } from '../src/index.js';
import type { Decided } from './chain.js';
import type { EventQueue } from './event-queue.js';
import type { Plan } from './plan.js';
import type { Prng } from './prng.js';

/** What one node sends to another: consensus, and what the shell adds to it. */
export type Packet =
  | { type: 'consensus'; message: Message }
  | { type: 'height'; height: bigint }
  | { type: 'wanted'; from: bigint }
  | { type: 'decided'; decided: Decided };

const HEALED_DELAY_MS = 8;

/** Links that lose, delay, reorder and repeat, each direction for itself, until they heal. */
export class SimNetwork {
  private readonly cut = new Set<number>();
  private healed = false;
  receive: (to: number, from: number, packet: Packet) => void = () => undefined;

  constructor(
    private readonly plan: Plan,
    private readonly queue: EventQueue,
    private readonly random: Prng,
  ) {}

  send(from: number, to: number, packet: Packet): void {
    const { plan, random } = this;
    if (this.healed) return this.deliver(from, to, packet, random.between(1, HEALED_DELAY_MS));
    if (this.cut.has(from * plan.nodes + to) || random.chance(plan.dropRate)) return;
    this.deliver(from, to, packet, random.between(1, plan.maxDelayMs));
    if (random.chance(plan.duplicateRate)) this.deliver(from, to, packet, random.between(1, 4 * plan.maxDelayMs));
  }

  /** Cuts the direction from one node to another. */
  cutLink(from: number, to: number): void {
    if (!this.healed) this.cut.add(from * this.plan.nodes + to);
  }

  mendLinks(): void {
    this.cut.clear();
  }

  heal(): void {
    this.healed = true;
    this.mendLinks();
  }

  private deliver(from: number, to: number, packet: Packet, delayMs: number): void {
    this.queue.after(delayMs, () => this.receive(to, from, packet));
  }
}
