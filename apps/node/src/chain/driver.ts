import { createState, step, type Block, type Certificate, type Effect, type Evidence, type HaltProof, type Input, type MachineConfig, type Message, type SignRequest, type State, type TimerId } from '#ledger';
import type { ChainStore, AdmittedTransaction } from '#evm';
import type { Logger } from '../log/logger.js';
import { contextAbove } from './context.js';
import type { BlockWork } from './block-work.js';
import { SafetyRefusal, type SafetyModule } from '../safety/safety-module.js';
import { roundDelayMs } from './round-delay.js';
import { Timers } from './timers.js';

/** The event loop gets a turn after so long. */
const SLICE_MS = 8;

export interface DriverEvents {
  broadcast(message: Message): void;
  /** The block is durable and readable. */
  committed(block: Block, transactions: readonly AdmittedTransaction[]): void;
  /** The machine is at a new height; what is kept for it may be fed. */
  entered(height: bigint): void;
  /** A quorum decided this height, and its block is not here. */
  blockMissing(height: bigint): void;
  /** A validator signed two conflicting messages: new to this process, and proven. */
  evidence(evidence: Evidence): void;
  halted(reason: string, proof: HaltProof): void;
  /** Nothing may go on: the process must end. */
  fatal(error: Error): void;
}

export interface DriverParts {
  config: MachineConfig;
  store: ChainStore;
  work: BlockWork;
  safety: SafetyModule;
  logger: Logger;
  /** Whether there is a link to the validator with this key. */
  isUp: (keyHex: string) => boolean;
  events: DriverEvents;
}

/** Drives the machine: one input at a time, its effects in order, then the next. */
export class Driver {
  private state: State;
  private readonly mailbox: { input: Input; done?: () => void }[] = [];
  private readonly timers = new Timers((timer) => this.feed({ type: 'timeout', timer }));
  private running = false;
  private stopped = false;
  /** Settles when all that was decided is durable: only then may anything of the next height be signed. */
  private durable: Promise<void> = Promise.resolve();
  /** Settles when all that was decided can be read here. */
  private announced: Promise<void> = Promise.resolve();

  constructor(private readonly parts: DriverParts) {
    this.state = createState(parts.config, contextAbove(parts.store));
  }

  /** The height that is being decided. */
  get height(): bigint {
    return this.state.context.height;
  }

  get position(): { height: bigint; round: number; step: string; halted: boolean; maySign: boolean } {
    const { context, round, halted, maySign } = this.state;
    return { height: context.height, round, step: this.state.step, halted, maySign };
  }

  get context(): State['context'] {
    return this.state.context;
  }

  /** Equivocations that wait for a block. */
  get evidence(): readonly Evidence[] {
    return [...this.state.evidence.values()];
  }

  start(): void {
    const maySign = this.parts.config.self !== null && this.parts.safety.maySign(this.height);
    if (!maySign && this.parts.config.self !== null) this.parts.logger.error('the vote log is damaged: this node signs nothing in this height', { height: Number(this.height) });
    this.feed({ type: 'start', records: this.parts.safety.records, maySign });
  }

  /** @param done called once the input was taken. */
  feed(input: Input, done?: () => void): void {
    if (this.stopped) {
      done?.();
      return;
    }
    this.mailbox.push(done === undefined ? { input } : { input, done });
    if (!this.running) this.run();
  }

  /** Own messages of the round, once more, and evidence that waits: for a peer that has just connected. */
  resend(send: (message: Message) => void): void {
    const { state } = this;
    for (const evidence of this.evidence) send({ type: 'evidence', evidence });
    const proposal = state.rounds.get(state.round)?.proposal;
    if (proposal != null && state.blocks.size > 0) send({ type: 'proposal', proposal });
    for (const record of state.signed.values()) {
      if (record === null || record.kind === 'proposal' || this.parts.config.self === null) continue;
      const { kind, height, round, blockHash, signature } = record;
      send({ type: 'vote', vote: { kind, height, round, blockHash, validator: state.context.validators.indexOf(this.parts.config.self), signature } });
    }
  }

  /** Takes no further input, for good; what was decided is still written. */
  freeze(): void {
    this.stopped = true;
    this.timers.stop();
  }

  /** Takes no further input; resolves when the last write is done. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timers.stop();
    await this.durable;
    await this.parts.work.stop();
    await this.parts.safety.close();
  }

  private run(): void {
    this.running = true;
    const began = performance.now();
    try {
      for (let next = this.mailbox.shift(); next !== undefined && !this.stopped; next = this.mailbox.shift()) {
        this.take(next.input);
        next.done?.();
        if (performance.now() - began > SLICE_MS && this.mailbox.length > 0) {
          setImmediate(() => this.run());
          return;
        }
      }
    } catch (error) {
      this.parts.events.fatal(error instanceof Error ? error : new Error(String(error)));
    }
    this.running = false;
  }

  private take(input: Input): void {
    const before = this.height;
    const { effects } = step(this.state, input);
    for (const effect of effects) this.carryOut(effect);
    if (this.height !== before) this.enter();
  }

  /** A height without signing is over: the machine of the next begins with a sound log. */
  private enter(): void {
    if (!this.state.maySign && this.parts.config.self !== null && this.parts.safety.maySign(this.height)) {
      const { evidence } = this;
      this.state = createState(this.parts.config, this.state.context);
      this.feed({ type: 'start', records: [], maySign: true });
      for (const one of evidence) this.feed({ type: 'evidence', evidence: one });
    }
    this.parts.events.entered(this.height);
  }

  private carryOut(effect: Effect): void {
    const { parts } = this;
    switch (effect.type) {
      case 'sign':
        return this.sign(effect.id, effect.request);
      case 'broadcast':
        return parts.events.broadcast(effect.message);
      case 'setTimer':
        return this.timers.set(effect.timer, this.delayMs(effect.timer, effect.delayMs));
      case 'build':
        return this.build(effect);
      case 'execute':
        return this.execute(effect);
      case 'decide':
        return this.commit(effect.block, effect.certificate);
      case 'reportEvidence':
        return parts.events.evidence(effect.evidence);
      case 'requestSync':
        return parts.events.blockMissing(effect.height);
      case 'halt':
        this.timers.stop();
        return parts.events.halted(effect.reason, effect.proof);
    }
  }

  private delayMs(timer: TimerId, delayMs: number): number {
    const { config, isUp } = this.parts;
    return roundDelayMs(timer, delayMs, this.state.context.validators, config.self, isUp);
  }

  private sign(id: number, request: SignRequest): void {
    this.later(async () => {
      await this.durable;
      if (this.stopped) return;
      try {
        const signature = await this.parts.safety.sign(request);
        this.feed({ type: 'signed', id, signature });
      } catch (error) {
        if (!(error instanceof SafetyRefusal)) throw error;
        // Nobody hears of what was refused; consensus goes on without this vote.
        this.parts.logger.error('a signature was refused', { reason: error.message, height: Number(request.height), round: request.round, kind: request.kind });
      }
    });
  }

  private build(effect: Extract<Effect, { type: 'build' }>): void {
    const { context } = this.state;
    this.later(async () => {
      const built = await this.parts.work.build(effect, context);
      if (built !== null) this.feed({ type: 'built', height: effect.height, round: effect.round, ...built });
    });
  }

  private execute(effect: Extract<Effect, { type: 'execute' }>): void {
    const { context } = this.state;
    const { height, blockHash, block } = effect;
    this.later(async () => {
      const execution = await this.parts.work.execute(block, context);
      if (execution.status === 'abandoned') return;
      if (execution.status === 'invalid') this.parts.logger.warn('a proposed block is invalid', { height: Number(height), reason: execution.reason });
      this.feed({ type: 'executed', height, blockHash, outcome: execution.status === 'valid' ? execution.outcome : null });
    });
  }

  private commit(block: Block, certificate: Certificate): void {
    const committed = this.parts.work.commit(block, certificate);
    const [announcedBefore, durableBefore] = [this.announced, this.durable];
    // Readable here, and decided by a quorum whose logs hold it: who waits may hear of it, and the next may be executed, while the
    // disk still works; so one flush serves several blocks of a node that catches up.
    const announced = (async () => {
      await announcedBefore;
      const transactions = await committed;
      this.parts.events.committed(block, transactions);
    })();
    this.announced = announced;
    this.durable = (async () => {
      await durableBefore;
      await announced;
      await this.parts.store.flushed();
      await this.parts.safety.committed(block.header.height);
    })();
    this.durable.catch((error: unknown) => this.parts.events.fatal(error instanceof Error ? error : new Error(String(error))));
  }

  private later(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      if (!this.stopped) this.parts.events.fatal(error instanceof Error ? error : new Error(String(error)));
    });
  }
}
