import { SimChain } from './chain.js';
import { Checker } from './checker.js';
import { Clients } from './clients.js';
import { EventQueue } from './event-queue.js';
import { ForkChecker } from './fork-checker.js';
import { SimFailure, type Invariant } from './invariant.js';
import { keyNumber, NODE_KEYS } from './keys.js';
import { Conspiracy } from './lies/conspiracy.js';
import type { Stage } from './lies/liar.js';
import { LightWatch } from './light-watch.js';
import type { Machine } from './machine.js';
import { powersOf, setOf } from './membership.js';
import { SimNetwork } from './network.js';
import type { NodePort } from './node-port.js';
import { AMNESIAC, type Plan } from './plan.js';
import { Prng } from './prng.js';
import { powerOf, Promises } from './promises.js';
import type { Trace } from './trace.js';
import { isQuorum, type Effect, type ValidatorSet } from '../src/index.js';

/** The nodes of one run, and what is between them. */
export class World implements Stage {
  readonly queue: EventQueue;
  readonly random: Prng;
  readonly network: SimNetwork;
  readonly checker: Checker;
  /** Of liars who are too many; null where they are not. */
  readonly conspiracy: Conspiracy | null;
  readonly light: LightWatch;
  readonly promises: Promises;
  readonly clients: Clients;
  /** Filled by who makes the world: nodes know it, and it knows them. */
  readonly nodes: NodePort[] = [];
  readonly liarKeys: readonly Uint8Array[];
  chaos = false;
  steps = 0;
  /** Processes that died before an effect, by the effect. */
  readonly crashes = new Map<Effect['type'], number>();
  /** The disk that was to fail has failed. */
  struck = false;
  submitting = true;

  constructor(readonly plan: Plan, readonly machine: Machine, readonly trace: Trace) {
    this.random = new Prng(plan.seed, 2);
    this.queue = new EventQueue(plan.shuffled ? new Prng(plan.seed, 3) : null);
    this.network = new SimNetwork(plan, this.queue, this.random);
    const faulty = new Set(plan.liars.keys());
    if (plan.unlucky !== null && AMNESIAC.has(plan.unlucky.misfortune)) faulty.add(plan.unlucky.node);
    const set = setOf(plan.powers);
    this.checker = plan.camps === null ? new Checker(this.newChain(), plan.faultModel, faulty) : new ForkChecker(this.newChain(), plan.faultModel, faulty, set, this.nodes);
    this.conspiracy = plan.camps === null ? null : new Conspiracy(plan.camps, isQuorum(plan.faultModel, powerOf(set, new Set(plan.liars.keys())), set.total), this.random);
    this.light = new LightWatch(plan.faultModel, this.checker);
    this.promises = new Promises(plan.faultModel, new Set(plan.liars.keys()));
    this.clients = new Clients(this);
    this.liarKeys = [...plan.liars.keys()].map((node) => NODE_KEYS[node] as Uint8Array);
    this.network.receive = (to, from, packet) => this.nodes[to]?.receive(from, packet);
  }

  newChain(): SimChain {
    return new SimChain(setOf(this.plan.powers), this.plan.params, (set) => this.isBearable(set));
  }

  /** Without the liars and without whose disk fails, the rest is still a quorum: members would approve of nothing else. */
  private isBearable(set: ValidatorSet): boolean {
    const { liars, unlucky, faultModel } = this.plan;
    let [sound, total] = [0n, 0n];
    for (const [number, power] of powersOf(set).entries()) {
      total += power;
      const failing = liars.has(number) || (unlucky !== null && number === keyNumber(unlucky.node, 0));
      if (!failing) sound += power;
    }
    return faultModel === 'BFT' ? 3n * sound > 2n * total : 2n * sound > total;
  }

  get honest(): NodePort[] {
    return this.nodes.filter(({ index }) => !this.plan.liars.has(index));
  }

  /** The greatest height that an honest node has decided. */
  get highest(): bigint {
    return this.honest.reduce((most, { disk }) => (disk.chain.height > most ? disk.chain.height : most), 0n);
  }

  fail(invariant: Invariant, detail: string): never {
    throw new SimFailure(invariant, detail);
  }

  diskMs(): number {
    return this.random.between(0, this.plan.maxDiskMs);
  }

  workMs(): number {
    return this.random.between(0, this.plan.maxWorkMs);
  }

  /** Before an effect is carried out: whether the process dies here. It is started again later. */
  crashesNow(node: NodePort, before: Effect['type']): boolean {
    if (!this.chaos || this.plan.crashRate === 0 || !this.random.chance(this.plan.crashRate)) return false;
    this.crashes.set(before, (this.crashes.get(before) ?? 0) + 1);
    this.takeDown(node, this.random.between(5, 1500));
    return true;
  }

  takeDown(node: NodePort, forMs: number): void {
    if (!node.up) return;
    node.crash();
    this.promises.failed(node.index);
    this.queue.after(forMs, () => node.start());
  }

  get deaf(): number {
    return this.network.deaf;
  }

  /** A faulty validator has spoken to this node alone: what it made of that must survive it. */
  abandon(index: number): void {
    const { plan: { params, maxDelayMs }, queue, network, random } = this;
    const node = this.nodes[index];
    if (!this.chaos || node === undefined) return;
    const forMs = params.precommitTimeoutMs + params.proposeTimeoutMs + random.between(maxDelayMs, 10 * maxDelayMs);
    queue.after(random.between(maxDelayMs, 2 * maxDelayMs), () => network.isolate(index, forMs));
    queue.after(2 * maxDelayMs + forMs, () => {
      // Who is back when everything works already is told by nobody how far the others are.
      if (this.chaos) this.takeDown(node, random.between(5, 300));
    });
  }

  /** Everybody connects to everybody again. */
  reconnect(): void {
    for (const node of this.nodes) {
      if (!node.up) continue;
      node.announce();
      node.greet();
    }
  }
}
