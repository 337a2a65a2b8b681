import type { Bytes, Message } from '../src/index.js';
import type { Decided } from './chain.js';
import { Director } from './director.js';
import type { EventQueue } from './event-queue.js';
import type { PacketKind, Plan } from './plan.js';
import type { Prng } from './prng.js';
import type { WireMessage } from './wire.js';

/** What one node sends to another: consensus, and what the shell adds to it. */
export type Packet =
  | { type: 'consensus'; message: Message }
  | { type: 'wire'; message: WireMessage }
  | { type: 'height'; height: bigint }
  | { type: 'wanted'; from: bigint }
  | { type: 'decided'; decided: Decided }
  | { type: 'transactions'; transactions: readonly Bytes[] }
  | { type: 'held'; ids: readonly number[] };

const DEAF_RATE = 0.95;

/** Links that lose, delay, reorder and repeat, each direction for itself, while there is trouble. */
export class SimNetwork {
  private readonly cut = new Set<number>();
  private readonly isolatedUntilMs = new Map<number, number>();
  /** Gets hardly any prevotes and certificates; −1 for nobody. */
  deaf = -1;
  private healed = false;
  private readonly director: Director | null;
  receive: (to: number, from: number, packet: Packet) => void = () => undefined;

  constructor(
    private readonly plan: Plan,
    private readonly queue: EventQueue,
    private readonly random: Prng,
  ) {
    this.director = plan.directed ? new Director(plan) : null;
  }

  send(from: number, to: number, packet: Packet): void {
    const { plan, random } = this;
    const [leastMs, mostMs] = plan.healedDelayMs;
    if (this.healed) return this.deliver(from, to, packet, random.between(leastMs, mostMs));
    if (this.isCut(from, to)) return;
    const delayMs = random.between(1, plan.maxDelayMs);
    // Gossip goes over connections that lose nothing while they stand; who connects again is greeted.
    if (packet.type === 'transactions' || packet.type === 'held') return this.deliver(from, to, packet, delayMs);
    const kind = kindOf(packet);
    if (to === this.deaf && (kind === 'prevote' || kind === 'certificate') && random.chance(DEAF_RATE)) return;
    if (this.director !== null && packet.type === 'consensus' && this.director.drops(from, to, packet.message, this.queue.nowMs)) return;
    if (random.chance(plan.dropRate) || random.chance(plan.dropRates[kind])) return;
    this.deliver(from, to, packet, delayMs);
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

  trouble(): void {
    this.healed = false;
    this.deaf = this.plan.stray;
  }

  private deliver(from: number, to: number, packet: Packet, delayMs: number): void {
    this.queue.after(delayMs, () => {
      if (this.healed || !this.isCut(from, to)) this.receive(to, from, packet);
    });
  }

  private isCut(from: number, to: number): boolean {
    if (this.cut.size > 0 && this.cut.has(from * this.plan.nodes + to)) return true;
    if (this.isolatedUntilMs.size === 0) return false;
    const { nowMs } = this.queue;
    return (this.isolatedUntilMs.get(from) ?? 0) > nowMs || (this.isolatedUntilMs.get(to) ?? 0) > nowMs;
  }
}

function kindOf(packet: Packet): PacketKind {
  if (packet.type === 'consensus') return packet.message.type === 'vote' ? packet.message.vote.kind : packet.message.type;
  // The kind of a vote stands in its second byte.
  if (packet.type === 'wire') return packet.message.type !== 'vote' ? packet.message.type : packet.message.bytes[1] === 2 ? 'prevote' : 'precommit';
  return 'shell';
}
