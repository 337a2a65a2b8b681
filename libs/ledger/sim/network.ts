import type { Message } from '../src/index.js';
import type { Decided } from './chain.js';
import type { EventQueue } from './event-queue.js';
import type { PacketKind, Plan } from './plan.js';
import type { Prng } from './prng.js';

/** What one node sends to another: consensus, and what the shell adds to it. */
export type Packet =
  | { type: 'consensus'; message: Message }
  | { type: 'height'; height: bigint }
  | { type: 'wanted'; from: bigint }
  | { type: 'decided'; decided: Decided };

const HEALED_DELAY_MS = 8;
const DEAF_RATE = 0.95;

/** Links that lose, delay, reorder and repeat, each direction for itself, until they heal. */
export class SimNetwork {
  private readonly cut = new Set<number>();
  private readonly isolatedUntilMs = new Map<number, number>();
  /** Gets hardly any prevotes and certificates; −1 for nobody. */
  deaf = -1;
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
    if (to === this.deaf && (kindOf(packet) === 'prevote' || kindOf(packet) === 'certificate') && random.chance(DEAF_RATE)) return;
    if (this.isCut(from, to) || random.chance(plan.dropRate) || random.chance(plan.dropRates[kindOf(packet)])) return;
    this.deliver(from, to, packet, random.between(1, plan.maxDelayMs));
    if (random.chance(plan.duplicateRate)) this.deliver(from, to, packet, random.between(1, 4 * plan.maxDelayMs));
  }

  /** Cuts the direction from one node to another. */
  cutLink(from: number, to: number): void {
    if (!this.healed) this.cut.add(from * this.plan.nodes + to);
  }

  /** Nothing comes or goes for a while, what is on its way included. */
  isolate(node: number, forMs: number): void {
    this.isolatedUntilMs.set(node, this.queue.nowMs + forMs);
  }

  mendLinks(): void {
    this.cut.clear();
  }

  heal(): void {
    this.healed = true;
    this.deaf = -1;
    this.isolatedUntilMs.clear();
    this.mendLinks();
  }

  private deliver(from: number, to: number, packet: Packet, delayMs: number): void {
    this.queue.after(delayMs, () => {
      if (!this.isCut(from, to)) this.receive(to, from, packet);
    });
  }

  private isCut(from: number, to: number): boolean {
    const { nowMs } = this.queue;
    return this.cut.has(from * this.plan.nodes + to) || (this.isolatedUntilMs.get(from) ?? 0) > nowMs || (this.isolatedUntilMs.get(to) ?? 0) > nowMs;
  }
}

function kindOf(packet: Packet): PacketKind {
  if (packet.type !== 'consensus') return 'shell';
  return packet.message.type === 'vote' ? packet.message.vote.kind : packet.message.type;
}
