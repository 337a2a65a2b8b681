import type { Block, Bytes, Certificate, Effect, Input, LogRecord, Message, State } from '../src/index.js';
import { SIM_GENESIS_HASH } from './chain.js';
import type { SimDisk } from './disk.js';
import { Deaths } from './deaths.js';
import { pruned } from './disturb.js';
import { EPOCH_MS } from './event-queue.js';
import { firstDecided } from './first-decision.js';
import { Halting } from './halting.js';
import { Inbox } from './inbox.js';
import { keyNumber, NODE_KEYS, verifyCheaply } from './keys.js';
import { Liar } from './lies/liar.js';
import { Mouth } from './mouth.js';
import type { NodePort } from './node-port.js';
import type { Packet } from './network.js';
import { SimPool } from './pool.js';
import { Recorder } from './recorder.js';
import { Signer } from './signer.js';
import { SimSync } from './sync.js';
import { SimTimers } from './timers.js';
import { describe, short } from './trace.js';
import { fromWire, heightOf } from './wire.js';
import type { World } from './world.js';

/** One process: drives a machine as the node's shell does, carrying out effects in order. A crash may fall before any of them. */
export class SimNode implements NodePort {
  state: State;
  up = false;
  skewMs = 0;
  private pausedUntilMs = 0;
  private incarnation = 0;
  private mailbox: Input[] = [];
  private running = false;
  private timers = new SimTimers(this);
  private inbox = new Inbox();
  private committing = false;
  private afterCommit: (() => void)[] = [];
  private announcedHeight = 0n;
  private sync: SimSync;
  private pool: SimPool;
  private signer: Signer;
  private readonly mouth: Mouth;
  readonly halting: Halting;
  private readonly dies: Deaths;
  private keyGeneration: 0 | 1 = 0;
  private readonly others: readonly number[];
  private readonly liar: Liar | null;
  private readonly recorder: Recorder | null;

  constructor(
    readonly world: World,
    readonly index: number,
    readonly disk: SimDisk,
    private readonly observer: boolean,
  ) {
    const lies = world.plan.liars.get(index);
    this.liar = lies === undefined ? null : new Liar(this.key, world.liarKeys, lies, world.random, world, world.conspiracy);
    this.recorder = world.plan.recorded && this.liar === null && index < 2 ? new Recorder() : null;
    this.others = Array.from({ length: world.plan.nodes }, (_, to) => to).filter((to) => to !== index);
    this.sync = new SimSync(this, this.world);
    this.pool = new SimPool(this, this.world, this.liar?.tells('silent') ?? false);
    this.mouth = new Mouth(this, world, this.liar);
    this.dies = new Deaths(this, world);
    this.halting = new Halting(this, world);
    this.signer = this.newSigner([]);
    this.state = this.newState();
  }

  get key(): Uint8Array {
    return NODE_KEYS[keyNumber(this.index, this.keyGeneration)] ?? new Uint8Array(32);
  }

  takeNewKey(): void {
    this.keyGeneration = 1;
  }

  get busy(): boolean {
    return this.committing;
  }

  private newSigner(records: readonly LogRecord[]): Signer {
    return new Signer(this, this.world, this.dies, this.liar === null, records);
  }

  private newState(): State {
    const config = { genesisHash: SIM_GENESIS_HASH, faultModel: this.world.plan.faultModel, self: this.observer ? null : this.key, verify: verifyCheaply };
    return this.createState(config, this.disk.chain.context());
  }

  private createState(config: State['config'], context: State['context']): State {
    this.recorder?.begin(config, context);
    return this.world.machine.createState(config, context);
  }

  /** A new process on what the disk holds. */
  start(): void {
    if (this.up) return;
    this.up = true;
    this.incarnation += 1;
    this.pausedUntilMs = 0;
    [this.mailbox, this.inbox, this.afterCommit] = [[], new Inbox(), []];
    [this.running, this.committing, this.announcedHeight] = [false, false, 0n];
    this.timers = new SimTimers(this);
    this.sync = new SimSync(this, this.world);
    this.pool = new SimPool(this, this.world, this.liar?.tells('silent') ?? false);
    const records = this.disk.open();
    this.signer = this.newSigner(records);
    this.state = this.newState();
    const height = this.disk.chain.height + 1n;
    this.log(() => `start at ${height}`);
    this.feed({ type: 'start', records: records, maySign: this.maySign });
    this.announce();
    for (const peer of this.others) this.world.nodes[peer]?.greetPeer(this.index);
    this.tellMachine();
  }

  crash(): void {
    if (!this.up) return;
    this.log(() => 'crash');
    this.up = false;
    this.disk.crash(this.world.random);
  }

  pause(forMs: number): void {
    this.pausedUntilMs = Math.max(this.pausedUntilMs, this.world.queue.nowMs + forMs);
  }

  resume(): void {
    this.pausedUntilMs = 0;
  }

  log(text: () => string): void {
    if (this.world.trace.on) this.world.trace.add(this.world.queue.nowMs, this.index, text());
  }

  private get maySign(): boolean {
    return !this.observer && this.disk.chain.height + 1n > this.disk.noSigningUpTo;
  }

  /** Runs later, in this process only: not after a crash, and not while it is paused. */
  later(delayMs: number, work: () => void): void {
    const { incarnation } = this;
    const run = (): void => {
      if (!this.up || this.incarnation !== incarnation) return;
      const waitMs = this.pausedUntilMs - this.world.queue.nowMs;
      if (waitMs > 0) this.world.queue.after(waitMs, run);
      else work();
    };
    this.world.queue.after(delayMs, run);
  }

  receive(from: number, packet: Packet): void {
    if (!this.up) return;
    if (this.pausedUntilMs > this.world.queue.nowMs) return this.later(0, () => this.receive(from, packet));
    this.takeIn(from, packet);
    if (this.liar === null && this.up) this.world.checker.received(this, packet);
  }

  private takeIn(from: number, packet: Packet): void {
    switch (packet.type) {
      case 'consensus': return this.hear(from, packet.message);
      case 'wire': return this.hear(from, fromWire(packet.message));
      case 'transactions': return this.pool.receive(from, packet.transactions);
      case 'held': return this.pool.held(from, packet.ids);
      default: return this.sync.receive(from, packet);
    }
  }

  private hear(from: number, message: Message | null): void {
    if (message === null) return;
    this.halting.heard(message);
    const height = heightOf(message);
    // Evidence may be of any height.
    const current = message.type === 'evidence' ? height : this.state.context.height;
    if (height < current) this.sync.heardOld(from, height);
    else if (height > current) this.inbox.keep(message, current);
    if (height === current || this.world.plan.unsorted) this.feed(this.inputOf(message));
  }

  send(to: number, packet: Packet): void {
    if (packet.type === 'decided' && this.liar !== null) this.world.network.send(this.index, to, { type: 'decided', decided: this.liar.sync(this.state, packet.decided) });
    else this.world.network.send(this.index, to, packet);
  }

  announce(): void {
    if (this.disk.chain.height === 0n) return;
    for (const to of this.others) this.send(to, { type: 'height', height: this.disk.chain.height });
  }

  greet(): void {
    for (const to of this.others) this.greetPeer(to);
  }

  greetPeer(to: number): void {
    if (!this.up) return;
    this.pool.greet(to);
    this.halting.tell(to);
  }

  submit(transaction: Bytes): void {
    if (this.disk.halt === null) this.pool.submit(transaction);
  }

  replayInputs(): void {
    const difference = this.recorder?.differs(this.world.machine) ?? null;
    if (difference !== null) this.world.fail('replay', `n${this.index}: ${difference}`);
  }

  peers(): readonly number[] {
    return this.others;
  }

  /** Once a height, and only while the pool is up to date with the block below it. */
  tellMachine(): void {
    const { height } = this.state.context;
    if (!this.up || this.announcedHeight === height || this.disk.chain.height + 1n !== height || this.pool.size === 0) return;
    this.announcedHeight = height;
    this.feed({ type: 'transactionsAvailable', height });
  }

  feed(input: Input): void {
    // A machine that has halted by itself must say nothing more; another one is not even asked.
    if (this.disk.halt !== null && !this.state.halted) return;
    this.mailbox.push(input);
    if (this.running) return;
    this.running = true;
    for (let next = this.mailbox.shift(); next !== undefined; next = this.mailbox.shift()) this.take(next);
    this.running = false;
  }

  private take(input: Input): void {
    const before = this.state.context.height;
    const { halted } = this.state;
    this.liar?.forget(this.state);
    const { effects } = this.world.machine.step(this.state, input);
    this.recorder?.took(input, effects);
    this.world.steps += 1;
    if (halted && effects.length > 0) this.world.fail('halting', `n${this.index} does something after it has halted: ${effects[0]?.type}`);
    this.world.checker.bounds(this.index, this.state);
    const { incarnation } = this;
    for (const effect of effects) {
      if (this.world.crashesNow(this, effect.type)) return void (this.mailbox = []);
      this.carryOut(effect);
      if (this.incarnation !== incarnation) return;
    }
    if (this.state.context.height !== before) this.enter();
  }

  private enter(): void {
    const { height } = this.state.context;
    if (!this.state.maySign && !this.observer && height > this.disk.noSigningUpTo) {
      const { context, config } = this.state;
      this.state = this.createState(config, context);
      this.feed({ type: 'start', records: [], maySign: true });
    }
    for (const message of this.inbox.take(height)) this.feed(this.inputOf(message));
  }

  private carryOut(effect: Effect): void {
    const { world } = this;
    switch (effect.type) {
      case 'sign':
        return this.whenDurable(() => this.signer.sign(effect.id, effect.request));
      case 'broadcast':
        return this.broadcast(effect.message);
      case 'setTimer':
        return this.timers.set(effect);
      case 'build':
        return this.build(effect);
      case 'execute':
        return this.execute(effect);
      case 'decide':
        return this.commit(effect.block, effect.certificate);
      case 'reportEvidence':
        if (this.liar === null) world.checker.evidence(this.index, effect.evidence);
        return;
      case 'requestSync':
        return this.sync.need(effect.height);
      case 'halt':
        return this.halting.halt(effect.reason, effect.proof);
    }
  }

  private broadcast(message: Message): void {
    this.log(() => describe(message));
    if (this.liar === null) this.world.checker.sent(this.index, keyNumber(this.index, this.keyGeneration), this.state.context.validators.indexOf(this.key), this.disk, message);
    this.mouth.tell(this.state, message);
  }

  /** What builds on a decided block waits until that is durable. */
  whenDurable(work: () => void): void {
    if (this.committing) this.afterCommit.push(work);
    else work();
  }

  private build(effect: Extract<Effect, { type: 'build' }>): void {
    this.whenDurable(() => this.later(this.world.workMs(), () => {
      if (this.disk.chain.height + 1n !== effect.height) return;
      const now = this.nowMs();
      const timeMs = now > effect.minTimeMs ? now : effect.minTimeMs;
      const built = this.disk.chain.build(this.key, timeMs, this.pool.ready(), effect.lastCommit, effect.evidence);
      this.feed({ type: 'built', height: effect.height, round: effect.round, ...built });
    }));
  }

  private execute({ height, blockHash, block }: Extract<Effect, { type: 'execute' }>): void {
    this.whenDurable(() => this.later(this.world.workMs(), () => {
      if (this.disk.chain.height + 1n === height) this.feed({ type: 'executed', height, blockHash, outcome: this.disk.chain.execute(block.transactions) });
    }));
  }

  private commit(block: Block, certificate: Certificate): void {
    const { world } = this;
    this.log(() => `decide ${block.header.height} ${short(certificate.blockHash)} in round ${certificate.round}`);
    if (this.liar === null && world.checker.decided(this.index, block, certificate)) firstDecided(world, this, block, certificate);
    if (this.committing) throw new Error('a height was decided before the one below it was durable');
    this.committing = true;
    this.later(world.diskMs(), () => {
      if (this.disk.fullUntilMs > world.queue.nowMs || this.dies.ofSyncError()) return world.takeDown(this, world.random.between(50, 800));
      this.disk.commit(block, certificate);
      this.signer.letGo(block.header.height);
      this.pool.committed(block);
      if (world.random.chance(0.3)) {
        this.disk.prune();
        pruned(world, this);
      }
      this.committing = false;
      const waiting = this.afterCommit;
      this.afterCommit = [];
      for (const work of waiting) work();
      this.announce();
      this.tellMachine();
      this.sync.advanced();
    });
  }

  private nowMs(): bigint {
    return BigInt(EPOCH_MS + Math.floor(this.world.queue.nowMs) + this.skewMs);
  }

  private inputOf(message: Message): Input {
    return message.type === 'proposal' ? { type: 'proposal', proposal: message.proposal, nowMs: this.nowMs() } : message;
  }
}

