import type { Bytes } from '../src/index.js';
import type { EventQueue } from './event-queue.js';
import type { NodePort } from './node-port.js';
import type { Plan } from './plan.js';
import type { Prng } from './prng.js';
import type { Promises } from './promises.js';
import { transactionOf, type Order } from './transactions.js';

/** What clients see of the world. */
interface Surroundings {
  readonly plan: Plan;
  readonly queue: EventQueue;
  readonly random: Prng;
  readonly promises: Promises;
  readonly nodes: readonly NodePort[];
}

const AGAIN_MS = 700;

/** Clients: each sends its transaction to some node, and again to some node until an honest one has acknowledged it. */
export class Clients {
  private readonly waiting = new Map<number, Bytes>();
  count = 0;

  constructor(private readonly world: Surroundings) {}

  /** Those that nobody has acknowledged yet. */
  get unacknowledged(): number {
    return this.waiting.size;
  }

  submit(order: Order): void {
    const id = this.count++;
    this.waiting.set(id, transactionOf(id, order));
    this.world.promises.submitted(id);
    this.send(id);
  }

  /** What a liar says counts for nothing. */
  acknowledged(id: number, by: NodePort): void {
    if (this.world.plan.liars.has(by.index) || !this.waiting.delete(id)) return;
    this.world.promises.acknowledged(id, by.disk.chain.current);
  }

  private send(id: number): void {
    const transaction = this.waiting.get(id);
    if (transaction === undefined) return;
    const { world } = this;
    const node = world.random.pick(world.nodes);
    if (node.up) node.submit(transaction);
    world.queue.after(node.up ? AGAIN_MS : AGAIN_MS / 7, () => this.send(id));
  }
}
