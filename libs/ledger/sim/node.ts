import { type Block, type Certificate, type Effect, type Input, type LogRecord, type Message, type State, type TimerKind } from '../src/index.js';
import { SIM_GENESIS_HASH } from './chain.js';
import type { SimDisk } from './disk.js';
import { isolateDecider } from './disturb.js';
import { NODE_KEYS, signCheaply, verifyCheaply } from './keys.js';
import { Liar } from './lies.js';
import type { NodePort } from './node-port.js';
import type { Packet } from './network.js';
import { SimSync } from './sync.js';
import { describe, short } from './trace.js';
import type { World } from './world.js';

/** Virtual time 0. */
const EPOCH_MS = 1_700_000_000_000;
const MAX_KEPT = 512;
const HEIGHTS_AHEAD = 3n;

/** One process: drives a machine as the node's shell does, carrying out effects in order. A crash may fall before any of them. */
export class SimNode implements NodePort {
  state: State;
  up = false;
  skewMs = 0;
  private pausedUntilMs = 0;
  private incarnation = 0;
  private mailbox: Input[] = [];
  private running = false;
  private timers = new Map<TimerKind, number>();
  private timerCount = 0;
  private kept: Message[] = [];
  private committing = false;
  private afterCommit: (() => void)[] = [];
  private announcedHeight = 0n;
  private sync: SimSync;
  private readonly liar: Liar | null;

  constructor(
    readonly world: World,
    readonly index: number,
    readonly disk: SimDisk,
    private readonly observer: boolean,
  ) {
    const lies = world.plan.liars.get(index);
    this.liar = lies === undefined ? null : new Liar(this.key, lies, world.random);
    this.sync = new SimSync(this, this.world);
    this.state = this.newState();
  }

  get key(): Uint8Array {
    return NODE_KEYS[this.index] ?? new Uint8Array(32);
  }

  get busy(): boolean {
    return this.committing;
  }

  private newState(): State {
    const config = { genesisHash: SIM_GENESIS_HASH, faultModel: this.world.plan.faultModel, self: this.observer ? null : this.key, verify: verifyCheaply };
    return this.world.machine.createState(config, this.disk.chain.context());
  }

  /** A new process on what the disk holds. */
  start(): void {
    if (this.up) return;
    this.up = true;
    this.incarnation += 1;
    this.pausedUntilMs = 0;
    [this.mailbox, this.kept, this.afterCommit] = [[], [], []];
    [this.running, this.committing, this.announcedHeight] = [false, false, 0n];
    this.timers = new Map();
    this.sync = new SimSync(this, this.world);
    this.state = this.newState();
    const height = this.disk.chain.height + 1n;
    this.log(`start at ${height}`);
    this.feed({ type: 'start', records: this.world.machine.readLog(this.disk.records()), maySign: !this.observer && height > this.disk.damagedHeight });
    this.announce();
    this.tellMachine();
  }

  crash(): void {
    if (!this.up) return;
    this.log('crash');
    this.up = false;
    this.disk.crash(this.world.random);
  }

  pause(forMs: number): void {
    this.pausedUntilMs = Math.max(this.pausedUntilMs, this.world.queue.nowMs + forMs);
  }

  resume(): void {
    this.pausedUntilMs = 0;
  }

  log(text: string): void {
    this.world.trace.add(this.world.queue.nowMs, this.index, text);
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
    if (packet.type !== 'consensus') return this.sync.receive(from, packet);
    const { message } = packet;
    const height = heightOf(message);
    const current = this.state.context.height;
    if (height < current) this.sync.heardOld(from, height);
    else if (height === current) this.feed(this.inputOf(message));
    else if (height <= current + HEIGHTS_AHEAD && this.kept.length < MAX_KEPT) this.kept.push(message);
  }

  send(to: number, packet: Packet): void {
    if (packet.type === 'decided' && this.liar !== null) this.world.network.send(this.index, to, { type: 'decided', decided: this.liar.sync(this.state, packet.decided) });
    else this.world.network.send(this.index, to, packet);
  }

  announce(): void {
    if (this.disk.chain.height === 0n) return;
    for (const to of this.peers()) this.send(to, { type: 'height', height: this.disk.chain.height });
  }

  peers(): number[] {
    return Array.from({ length: this.world.plan.nodes }, (_, to) => to).filter((to) => to !== this.index);
  }

  /** Once a height, and only while the pool is up to date with the block below it. */
  tellMachine(): void {
    const { height } = this.state.context;
    if (!this.up || this.announcedHeight === height || this.disk.chain.height + 1n !== height || this.world.poolOf(this.index).length === 0) return;
    this.announcedHeight = height;
    this.feed({ type: 'transactionsAvailable', height });
  }

  feed(input: Input): void {
    this.mailbox.push(input);
    if (this.running) return;
    this.running = true;
    for (let next = this.mailbox.shift(); next !== undefined; next = this.mailbox.shift()) this.take(next);
    this.running = false;
  }

  private take(input: Input): void {
    const before = this.state.context.height;
    this.liar?.forget(this.state);
    const { effects } = this.world.machine.step(this.state, input);
    this.world.steps += 1;
    this.world.checker.bounds(this.index, this.state);
    const { incarnation } = this;
    for (const effect of effects) {
      if (this.world.crashesNow(this)) return void (this.mailbox = []);
      this.carryOut(effect);
      if (this.incarnation !== incarnation) return;
    }
    if (this.state.context.height !== before) this.enter();
  }

  private enter(): void {
    const { height } = this.state.context;
    if (!this.state.maySign && !this.observer && height > this.disk.damagedHeight) {
      const { context } = this.state;
      this.state = this.world.machine.createState(this.state.config, context);
      this.feed({ type: 'start', records: [], maySign: true });
    }
    const now = this.kept.filter((message) => heightOf(message) === height);
    this.kept = this.kept.filter((message) => heightOf(message) > height);
    for (const message of now) this.feed(this.inputOf(message));
  }

  private carryOut(effect: Effect): void {
    const { world } = this;
    switch (effect.type) {
      case 'sign':
        return void this.mailbox.unshift({ type: 'signed', id: effect.id, signature: signCheaply(this.key, effect.signBytes) });
      case 'persist':
        return this.persist(effect.id, effect.record);
      case 'broadcast':
        return this.broadcast(effect.message);
      case 'setTimer':
        return this.setTimer(effect);
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
        return world.fail(`n${this.index} halted: ${effect.reason}`);
    }
  }

  private broadcast(message: Message): void {
    this.log(describe(message));
    if (this.liar === null) this.world.checker.sent(this.index, this.state.context.validators.indexOf(this.key), this.disk, message);
    for (const to of this.peers()) {
      const told = this.liar === null ? [message] : this.liar.tell(this.state, message, to);
      for (const one of told) this.send(to, { type: 'consensus', message: one });
    }
  }

  private setTimer({ timer, delayMs }: Extract<Effect, { type: 'setTimer' }>): void {
    const number = ++this.timerCount;
    this.timers.set(timer.kind, number);
    this.later(delayMs, () => {
      if (this.timers.get(timer.kind) === number) this.feed({ type: 'timeout', timer });
    });
  }

  /** What builds on a decided block waits until that is durable. */
  whenDurable(work: () => void): void {
    if (this.committing) this.afterCommit.push(work);
    else work();
  }

  private persist(id: number, record: LogRecord): void {
    this.whenDurable(() => {
      const durable = this.disk.append(record);
      if (this.world.machine.sendsBeforePersisting === true) this.later(0, () => this.feed({ type: 'persisted', id }));
      this.later(this.world.diskMs(), () => {
        durable();
        this.feed({ type: 'persisted', id });
      });
    });
  }

  private build(effect: Extract<Effect, { type: 'build' }>): void {
    this.whenDurable(() => this.later(this.world.workMs(), () => {
      if (this.disk.chain.height + 1n !== effect.height) return;
      const now = this.nowMs();
      const timeMs = now > effect.minTimeMs ? now : effect.minTimeMs;
      const built = this.disk.chain.build(this.key, timeMs, this.world.poolOf(this.index), effect.lastCommit, effect.evidence);
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
    this.log(`decide ${block.header.height} ${short(certificate.blockHash)} in round ${certificate.round}`);
    if (this.liar === null && world.checker.decided(this.index, block, certificate)) isolateDecider(world, this);
    if (this.committing) throw new Error('a height was decided before the one below it was durable');
    this.committing = true;
    this.later(world.diskMs(), () => {
      this.disk.chain.append(block, certificate);
      if (world.random.chance(0.3)) this.disk.prune();
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

function heightOf(message: Message): bigint {
  switch (message.type) {
    case 'proposal': return message.proposal.height;
    case 'vote': return message.vote.height;
    case 'certificate': return message.certificate.height;
    case 'skipProof': return message.votes[0]?.height ?? 0n;
  }
}
