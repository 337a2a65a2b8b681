import { keyNumber } from './keys.js';
import { powersOf } from './membership.js';
import type { NodePort } from './node-port.js';
import type { Disturbance } from './plan.js';
import type { World } from './world.js';

/** More than 10 s ahead, honest nodes refuse proposals, and rightly so: clocks of a quorum stay within. */
export const MAX_SKEW_MS = 4000;
const HOUR_MS = 3_600_000;

/** One disturbance after another until everything heals. */
export function disturb(world: World): void {
  const { plan, random, queue } = world;
  if (!world.chaos) return;
  if (plan.deafness && random.chance(0.5)) world.network.deaf = random.below(plan.nodes + 1) - 1;
  DISTURB[random.pick(plan.disturbances)](world, random.pick(world.nodes));
  queue.after(random.between(1, 2 * plan.disturbanceMs), () => disturb(world));
}

const DISTURB: Readonly<Record<Disturbance, (world: World, node: NodePort) => void>> = {
  partition,
  pause: (world, node) => node.pause(world.random.between(20, 1200)),
  clock: (world, node) => {
    node.skewMs = world.random.between(-MAX_SKEW_MS, MAX_SKEW_MS);
    // One clock may be off by any amount, as long as no quorum follows it.
    const { powers } = world.plan;
    const total = powers.reduce((sum, power) => sum + power, 0n);
    if (!world.plan.membership && 3n * (powers[node.index] ?? 0n) < total && world.nodes.every((one) => one === node || Math.abs(one.skewMs) <= MAX_SKEW_MS) && world.random.chance(0.3)) {
      node.skewMs = world.random.pick([-HOUR_MS, HOUR_MS]);
    }
  },
  crash: (world, node) => world.takeDown(node, world.random.between(10, 2000)),
  crashMany: (world) => {
    const { random } = world;
    const downMs = random.between(10, 1000);
    const all = random.chance(0.5);
    for (const one of world.nodes) if (all || random.chance(0.5)) world.takeDown(one, downMs + random.between(0, 50));
  },
  site: loseSite,
  fullDisk: (world, node) => {
    node.log(() => 'disk full');
    node.disk.fullUntilMs = world.queue.nowMs + world.random.between(100, 1500);
  },
  misfortune: (world) => strike(world),
};

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
    world.reconnect();
  });
}

/** All nodes of one site lose their power, and come back at different times. */
function loseSite(world: World): void {
  const { random, plan } = world;
  const site = random.pick(plan.sites);
  const downMs = random.between(300, 2500);
  for (const node of world.nodes) if (plan.sites[node.index] === site) world.takeDown(node, downMs + random.between(0, 200));
}

/** The first that decided a height is gone before it can tell; perhaps all others crash as well. */
export function isolateDecider(world: World, decider: NodePort): void {
  const { plan, random, network } = world;
  if (!world.chaos || plan.isolateRate === 0 || !random.chance(plan.isolateRate)) return;
  const forMs = random.between(200, 2500);
  network.isolate(decider.index, forMs);
  world.queue.after(forMs + 1, () => world.reconnect());
  if (plan.deafness) network.deaf = random.below(plan.nodes);
  if (!random.chance(plan.directed ? 0.15 : 0.4)) return;
  for (const node of world.nodes) if (node !== decider || random.chance(0.3)) world.queue.after(random.between(0, 10), () => world.takeDown(node, random.between(5, 60)));
}

/** The unlucky node's disk fails, once, while its process is down. */
function strike(world: World): void {
  const { plan, random } = world;
  if (plan.unlucky === null || world.struck) return;
  const { misfortune } = plan.unlucky;
  const node = world.nodes[plan.unlucky.node];
  if (node === undefined || !node.up) return;
  world.takeDown(node, random.between(10, 300));
  if (!node.disk.strike(misfortune, random)) return;
  // Perhaps nobody tells it for a while what was decided: it must not vote on that again.
  if (random.chance(0.5)) world.network.isolate(node.index, random.between(500, 3000));
  node.log(() => misfortune);
  world.struck = true;
  if (misfortune !== 'newKey') return;
  const old = keyNumber(node.index, 0);
  const power = Number(powersOf(world.checker.chain.current)[old] ?? 0n);
  node.takeNewKey();
  if (!plan.membership || power === 0) return;
  world.clients.submit({ type: 'setPower', key: old, power: 0 });
  world.clients.submit({ type: 'setPower', key: keyNumber(node.index, 1), power });
}

/** A log that has just begun anew tells nothing of heights that a broken store has lost. */
export function pruned(world: World, node: NodePort): void {
  const { plan: { unlucky }, random } = world;
  if (world.chaos && unlucky?.node === node.index && unlucky.misfortune === 'brokenStore' && random.chance(0.3)) world.queue.after(0, () => strike(world));
}

/** Transactions come in as long as they are wanted. */
export function submitTransactions(world: World): void {
  const { plan, random, queue } = world;
  if (!world.submitting) return;
  const spoiled = [...plan.liars.values()].some((lies) => lies.includes('weakKey'));
  for (let count = random.between(1, 3); count > 0; count--) {
    if (plan.membership && random.chance(0.25)) world.clients.submit({ type: 'setPower', key: keyNumber(random.below(plan.nodes), 0), power: random.pick([0, 1, 1, 2, 3]) });
    else if (spoiled && random.chance(0.2)) world.clients.submit({ type: 'weakKey', key: random.below(3), power: 1 });
    else world.clients.submit({ type: 'plain' });
  }
  queue.after(random.between(1, 2 * plan.transactionMs), () => submitTransactions(world));
}
