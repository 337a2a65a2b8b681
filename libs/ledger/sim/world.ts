import type { Bytes } from '../src/index.js';
import { SimChain, setOf } from './chain.js';
import { Checker, SimFailure } from './checker.js';
import { EventQueue } from './event-queue.js';
import type { Machine } from './machine.js';
import { SimNetwork } from './network.js';
import type { NodePort } from './node-port.js';
import type { Plan } from './plan.js';
import { Prng } from './prng.js';
import type { Trace } from './trace.js';

interface Submitted {
  transaction: Bytes;
  /** When each node has it. */
  seenAtMs: number[];
}

/** The nodes of one run, and what is between them. */
export class World {
  readonly queue = new EventQueue();
  readonly random: Prng;
  readonly network: SimNetwork;
  readonly checker: Checker;
  /** Filled by who makes the world: nodes know it, and it knows them. */
  readonly nodes: NodePort[] = [];
  readonly submitted: Submitted[] = [];
  chaos = true;
  steps = 0;

  constructor(readonly plan: Plan, readonly machine: Machine, readonly trace: Trace) {
    this.random = new Prng(plan.seed, 2);
    this.network = new SimNetwork(plan, this.queue, this.random);
    this.checker = new Checker(this.newChain(), plan.faultModel, plan.liars);
    this.network.receive = (to, from, packet) => this.nodes[to]?.receive(from, packet);
  }

  newChain(): SimChain {
    return new SimChain(setOf(this.plan.powers), this.plan.params);
  }

  get honest(): NodePort[] {
    return this.nodes.filter(({ index }) => !this.plan.liars.has(index));
  }

  fail(reason: string): never {
    throw new SimFailure(reason);
  }

  diskMs(): number {
    return this.random.between(0, this.plan.maxDiskMs);
  }

  workMs(): number {
    return this.random.between(0, this.plan.maxWorkMs);
  }

  /** Before an effect is carried out: whether the process dies here. It is started again later. */
  crashesNow(node: NodePort): boolean {
    if (!this.chaos || !this.random.chance(this.plan.crashRate)) return false;
    this.takeDown(node, this.random.between(5, 1500));
    return true;
  }

  takeDown(node: NodePort, forMs: number): void {
    if (!node.up) return;
    node.crash();
    this.queue.after(forMs, () => node.start());
  }

  submit(transaction: Bytes): void {
    const { nowMs } = this.queue;
    const seenAtMs = this.nodes.map(() => nowMs + this.random.between(1, 60));
    this.submitted.push({ transaction, seenAtMs });
    for (const node of this.nodes) this.queue.after((seenAtMs[node.index] ?? nowMs) - nowMs, () => node.tellMachine());
  }

  /** What waits at a node. A pool lost in a crash is filled again by the clients, at once. */
  poolOf(index: number): Bytes[] {
    const node = this.nodes[index];
    if (node === undefined) return [];
    return this.submitted.filter(({ transaction, seenAtMs }) => (seenAtMs[index] ?? Infinity) <= this.queue.nowMs && !node.disk.chain.includes(transaction)).map(({ transaction }) => transaction);
  }
}
