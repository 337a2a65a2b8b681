import type { Block, Bytes } from '../src/index.js';
import { mayLose, powerOf } from './promises.js';
import type { NodePort } from './node-port.js';
import { idOf, orderOf } from './transactions.js';
import type { World } from './world.js';

const MAX_IN_BLOCK = 64;

/**
 * One node's pool and gossip, as its shell does it: what comes in is spread to all peers, who say that they hold it; with enough
 * of them it is acknowledged. Links between processes that are up lose nothing; who connects again is sent the whole pool.
 */
export class SimPool {
  private readonly waiting = new Map<number, Bytes>();
  private readonly holders = new Map<number, Set<number>>();

  /** @param drops a liar that says it holds what it does not. */
  constructor(
    private readonly node: NodePort,
    private readonly world: World,
    private readonly drops: boolean,
  ) {}

  get size(): number {
    return this.waiting.size;
  }

  /** For the next block. Those that another node's block has brought meanwhile are gone. */
  ready(): Bytes[] {
    return [...this.waiting.values()].slice(0, MAX_IN_BLOCK);
  }

  /** From a client. */
  submit(transaction: Bytes): void {
    const id = idOf(transaction);
    if (this.node.disk.chain.includes(id)) return this.world.clients.acknowledged(id, this.node);
    if (this.holders.has(id)) return;
    this.waiting.set(id, transaction);
    this.holders.set(id, new Set([this.node.index]));
    for (const to of this.node.peers()) this.node.send(to, { type: 'transactions', transactions: [transaction] });
    this.check(id);
    this.node.tellMachine();
  }

  receive(from: number, transactions: readonly Bytes[]): void {
    const { chain } = this.node.disk;
    const held: number[] = [];
    for (const transaction of transactions) {
      if (orderOf(transaction) === null) continue;
      const id = idOf(transaction);
      held.push(id);
      if (!chain.includes(id) && !this.drops) this.waiting.set(id, transaction);
    }
    if (held.length > 0) this.node.send(from, { type: 'held', ids: held });
    this.node.tellMachine();
  }

  held(from: number, ids: readonly number[]): void {
    for (const id of ids) {
      this.holders.get(id)?.add(from);
      this.check(id);
    }
  }

  /** A peer that has just connected may lack what is here. */
  greet(to: number): void {
    if (this.waiting.size > 0) this.node.send(to, { type: 'transactions', transactions: [...this.waiting.values()] });
  }

  committed(block: Block): void {
    for (const transaction of block.transactions) {
      const id = idOf(transaction);
      this.waiting.delete(id);
      if (this.holders.delete(id)) this.world.clients.acknowledged(id, this.node);
    }
  }

  private check(id: number): void {
    const holders = this.holders.get(id);
    const { current } = this.node.disk.chain;
    if (holders === undefined || !mayLose(this.world.plan.faultModel, powerOf(current, holders), current.total)) return;
    this.holders.delete(id);
    this.world.clients.acknowledged(id, this.node);
  }
}
