import { plainTransaction, powerTransaction } from './chain.js';
import type { NodePort } from './node-port.js';
import type { World } from './world.js';

/** More than this ahead, honest nodes refuse proposals, and rightly so; virtual clocks stay within. */
const MAX_SKEW_MS = 4000;

/** Partitions, pauses, clock jumps, crashes of one, some or all: one after another until everything heals. */
export function disturb(world: World): void {
  const { plan, random, queue } = world;
  if (!world.chaos) return;
  const node = random.pick(world.nodes);
  if (plan.deafness && random.chance(0.5)) world.network.deaf = random.below(plan.nodes + 1) - 1;
  switch (random.below(7)) {
    case 0: case 1:
      partition(world);
      break;
    case 2:
      node.pause(random.between(20, 1200));
      break;
    case 3:
      node.skewMs = random.between(-MAX_SKEW_MS, MAX_SKEW_MS);
      break;
    case 4:
      world.takeDown(node, random.between(10, 2000));
      break;
    case 5: {
      const downMs = random.between(10, 1000);
      const all = random.chance(0.5);
      for (const one of world.nodes) if (all || random.chance(0.5)) world.takeDown(one, downMs + random.between(0, 50));
      break;
    }
    case 6:
      damage(world);
      break;
  }
  queue.after(random.between(1, 2 * plan.disturbanceMs), () => disturb(world));
}

function partition(world: World): void {
  const { random, network, nodes } = world;
  const inside = nodes.map(() => random.chance(0.5));
  const oneWay = random.chance(0.3);
  for (const from of nodes) {
    for (const to of nodes) {
      if (inside[from.index] === true && inside[to.index] === false) network.cutLink(from.index, to.index);
      if (inside[from.index] === false && inside[to.index] === true && !oneWay) network.cutLink(from.index, to.index);
    }
  }
  world.queue.after(random.between(50, 1500), () => {
    network.mendLinks();
    for (const node of nodes) if (node.up) node.announce();
  });
}

/** The first that decided a height is gone before it can tell; perhaps all others crash as well. */
export function isolateDecider(world: World, decider: NodePort): void {
  const { plan, random, network } = world;
  if (!world.chaos || !random.chance(plan.isolateRate)) return;
  network.isolate(decider.index, random.between(200, 2500));
  if (plan.deafness) network.deaf = random.below(plan.nodes);
  if (!random.chance(0.4)) return;
  for (const node of world.nodes) if (node !== decider || random.chance(0.3)) world.queue.after(random.between(0, 10), () => world.takeDown(node, random.between(5, 60)));
}

/** A log that no crash explains: that node signs nothing in that height. More of them than may crash, and a chain rightly stops. */
function damage(world: World): void {
  const { plan, random } = world;
  if (!plan.damage || plan.membership || world.nodes.some(({ disk }) => disk.damagedHeight > 0n)) return;
  const total = plan.powers.reduce((sum, power) => sum + power, 0n);
  const node = random.pick(world.nodes);
  const power = plan.powers[node.index] ?? 0n;
  if (plan.faultModel === 'BFT' ? 3n * power >= total : 2n * power >= total) return;
  world.takeDown(node, random.between(10, 300));
  node.log('log damaged');
  node.disk.damage();
}

/** Transactions come in until a little after everything healed. */
export function submitTransactions(world: World, untilMs: number): void {
  const { plan, random, queue } = world;
  if (queue.nowMs > untilMs) return;
  for (let count = random.between(1, 3); count > 0; count--) {
    const id = world.submitted.length;
    world.submit(plan.membership && random.chance(0.25) ? powerTransaction(id, random.below(plan.nodes), random.pick([0, 1, 1, 2, 3])) : plainTransaction(id));
  }
  queue.after(random.between(1, 2 * plan.transactionMs), () => submitTransactions(world, untilMs));
}
