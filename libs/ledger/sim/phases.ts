import { disturb, submitTransactions } from './disturb.js';
import type { World } from './world.js';

const MAX_EVENTS = 3_000_000;

/** What every run is made of: times of trouble, and times in which everything works. */
export class Phases {
  events = 0;

  constructor(protected readonly world: World) {}

  protected begin(): void {
    const { world } = this;
    const { queue, random } = world;
    for (const node of world.nodes) queue.after(random.between(0, 20), () => node.start());
    queue.after(1, () => submitTransactions(world));
  }

  protected trouble(forMs: number): void {
    const { world } = this;
    const { queue } = world;
    world.chaos = true;
    world.network.trouble();
    queue.after(world.random.between(1, 2 * world.plan.disturbanceMs), () => disturb(world));
    const endMs = queue.nowMs + forMs;
    this.until(forMs, () => false);
    queue.nowMs = endMs;
    // Everything that was not on a disk is gone: what is left must be enough to go on.
    if (world.random.chance(0.3)) for (const node of world.nodes) world.takeDown(node, 0);
  }

  /** Runs events for so long, or until something is done. */
  protected until(forMs: number, done: () => boolean): void {
    const { queue } = this.world;
    const endMs = queue.nowMs + forMs;
    while (!done() && queue.runNext(endMs)) if (++this.events > MAX_EVENTS) this.world.fail('bounds', `more than ${MAX_EVENTS} events`);
  }
}

export function heal(world: World): void {
  world.chaos = false;
  world.network.heal();
  for (const node of world.nodes) {
    node.skewMs = 0;
    node.disk.fullUntilMs = 0;
    node.resume();
    if (!node.up) node.start();
  }
  world.reconnect();
}
