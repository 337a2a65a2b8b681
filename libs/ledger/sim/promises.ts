import type { FaultModel, ValidatorSet } from '../src/index.js';
import { SimFailure } from './invariant.js';
import { nodeOfKey } from './keys.js';
import { powersOf } from './membership.js';

interface Promised {
  /** Nodes that failed since it was submitted, the liars among them. */
  readonly failed: Set<number>;
  /** Who voted when it was acknowledged; null until then. */
  set: ValidatorSet | null;
  lapsed: boolean;
}

/**
 * What an acknowledgement promises. A node acknowledges a transaction when validators with more power than may fail (f + 1) have
 * said that their pools hold it; pools are memory, and are lost when a process ends. So: **an acknowledged transaction is
 * committed, once, unless validators with more than f of the power lie, or end, between its submission and its commit**. (From
 * its submission: who said that it holds it may end before the answer arrives.) Then the promise lapses: it may be committed or
 * not. What is not acknowledged the client sends again, and it too is committed once at most.
 */
export class Promises {
  private readonly open = new Map<number, Promised>();
  acknowledgedCount = 0;
  lapsedCount = 0;

  constructor(
    private readonly faultModel: FaultModel,
    private readonly liars: ReadonlySet<number>,
  ) {}

  submitted(id: number): void {
    this.open.set(id, { failed: new Set(this.liars), set: null, lapsed: false });
  }

  acknowledged(id: number, set: ValidatorSet): void {
    this.acknowledgedCount += 1;
    const promised = this.open.get(id);
    if (promised === undefined) return;
    promised.set = set;
    this.look(promised);
  }

  decided(ids: readonly number[]): void {
    for (const id of ids) this.open.delete(id);
  }

  /** A process ended, and its pool with it. */
  failed(node: number): void {
    for (const promised of this.open.values()) {
      promised.failed.add(node);
      this.look(promised);
    }
  }

  private look(promised: Promised): void {
    const { set, lapsed, failed } = promised;
    if (set === null || lapsed || !mayLose(this.faultModel, powerOf(set, failed), set.total)) return;
    promised.lapsed = true;
    this.lapsedCount += 1;
  }

  /** Those that must still be committed. */
  get owed(): number[] {
    return [...this.open].filter(([, { set, lapsed }]) => set !== null && !lapsed).map(([id]) => id);
  }

  check(): void {
    const { owed } = this;
    if (owed.length > 0) throw new SimFailure('acknowledged', `transactions ${owed.join(', ')} were acknowledged and are not in the chain`);
  }
}

/** Whether so much power is enough for an acknowledgement: BFT 3·p > V; CFT, where 2·q > V decides, 2·p ≥ V. */
export function mayLose(model: FaultModel, power: bigint, total: bigint): boolean {
  return model === 'BFT' ? 3n * power > total : 2n * power >= total;
}

/** The power of these nodes, whichever of their keys votes. */
export function powerOf(set: ValidatorSet, nodes: ReadonlySet<number>): bigint {
  let sum = 0n;
  for (const [number, power] of powersOf(set).entries()) if (power > 0n && nodes.has(nodeOfKey(number))) sum += power;
  return sum;
}
