import { equalBytes, type Bytes, type FaultModel, type Message, type TimerKind } from '../src/index.js';
import { Rig } from './machine.js';

/** Whether a message of one node reaches another. */
export type Hears = (from: number, to: number, message: Message) => boolean;

const ROUND_TIMERS: readonly TimerKind[] = ['propose', 'prevote', 'precommit'];

/** Several machines and the wires between them: what a schedule does not let through is lost. Each builds blocks of its own. */
export class Net {
  readonly rigs: readonly Rig[];
  private readonly read: number[];
  private readonly dead = new Set<number>();

  constructor(powers: readonly bigint[], model: FaultModel = 'BFT') {
    this.rigs = powers.map((_, self) => new Rig({ powers, model, self }));
    this.read = powers.map(() => 0);
    for (const [i, rig] of this.rigs.entries()) rig.builds = `of ${i}`;
    for (const rig of this.rigs) rig.start();
  }

  node(index: number): Rig {
    return this.rigs[index] as Rig;
  }

  /** It says and hears nothing any more. */
  kill(index: number): void {
    this.dead.add(index);
  }

  get alive(): number[] {
    return this.rigs.map((_, i) => i).filter((i) => !this.dead.has(i));
  }

  /** Delivers all that was said and all that is said because of it, to whom it may reach. */
  deliver(hears: Hears = () => true): void {
    for (let more = true; more; ) {
      more = false;
      for (const from of this.alive) {
        const said = this.node(from).sent.slice(this.read[from]);
        this.read[from] = this.node(from).sent.length;
        for (const message of said) {
          more = true;
          for (const to of this.alive) if (to !== from && hears(from, to, message)) this.node(to).hear([message]);
        }
      }
    }
  }

  /** The timer expires wherever it runs, in the round in which it was set. */
  expire(kind: TimerKind): void {
    for (const i of this.alive) {
      const set = this.node(i).timers.get(kind);
      if (set !== undefined) this.node(i).run({ type: 'timeout', timer: set.timer });
    }
  }

  /** Lets a round's timers expire one after the other, with all that is said in between. */
  pass(hears: Hears = () => true): void {
    this.deliver(hears);
    this.expire('rebroadcast');
    for (const kind of ROUND_TIMERS) {
      this.deliver(hears);
      this.expire(kind);
    }
    this.deliver(hears);
  }

  /** What was decided at height 1, the same by all who are alive; null where somebody has not decided. */
  get decided(): Bytes | null {
    const hashes = this.alive.map((i) => (this.node(i).state.context.height > 1n ? this.node(i).state.context.prevHash : null));
    const [first] = hashes;
    if (first === undefined || first === null) return null;
    for (const hash of hashes) {
      if (hash === null) return null;
      if (!equalBytes(hash, first)) throw new Error('two blocks were decided');
    }
    return first;
  }

  /** Rounds that pass until all have decided; at most so many. */
  heal(most: number): number {
    for (let rounds = 0; rounds < most; rounds++) {
      if (this.decided !== null) return rounds;
      this.pass();
    }
    return this.decided === null ? Infinity : most;
  }
}
