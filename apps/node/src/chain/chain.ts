import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { RecoveryThreads, type AdmittedTransaction, type ChainStore, type Executor } from '#evm';
import { evidencePlace, toHex, verify, type Bytes, type Evidence, type Message, type ValidatorSet } from '#ledger';
import { CompactProposals } from '../gossip/compact-proposals.js';
import { Gossip } from '../gossip/gossip.js';
import type { Identity } from '../identity/identity.js';
import { FRAME } from '../peer/frames.js';
import type { PeerLink } from '../peer/link.js';
import { Mesh, type PeerEndpoints } from '../peer/mesh.js';
import { decodeBlocksWanted, decodeMessage, heightOf, messageFrame, sizeOf } from '../peer/messages.js';
import { Admission } from '../pool/admission.js';
import { BlockBodies } from '../pool/block-bodies.js';
import { DEFAULT_POOL_LIMITS, Pool } from '../pool/pool.js';
import { SafetyModule } from '../safety/safety-module.js';
import { BlockSync } from '../sync/block-sync.js';
import { LaggardHelper } from '../sync/helper.js';
import { SnapshotServer } from '../sync/snapshot/snapshot-server.js';
import { verifyOnce } from '../sync/verify-once.js';
import { BlockWork } from './block-work.js';
import { commitIn, ConflictWatch } from './conflict-watch.js';
import { Driver } from './driver.js';
import { EvidenceFolder } from './evidence-folder.js';
import { Halting } from './halting.js';
import { Inbox, inputOf } from './inbox.js';
import { openExecution, type ExecutionOptions } from './open-execution.js';

const EXPIRE_INTERVAL_MS = 60_000;
/** Blocks whose evidence is told at once. */
const MAX_EVIDENCE_BLOCKS = 64;
/** Threads that recover senders of blocks which this node missed. */
const MAX_RECOVERY_THREADS = 4;
/** Far behind, nobody needs to know each height that this node has reached. */
const ANNOUNCE_EVERY = 32n;

export interface ChainOptions extends ExecutionOptions {
  identity: Identity;
  endpoints: PeerEndpoints;
  /** The disk or a part of this program failed: the process must end. */
  fatal: (error: Error) => void;
}

type Listeners<T> = Set<(value: T) => void>;

/** One chain as this node runs it: store, pool, consensus, peers. */
export class Chain {
  readonly pool = new Pool(DEFAULT_POOL_LIMITS, (transaction) => this.store.memberOf(transaction));
  readonly gossip: Gossip;
  readonly mesh: Mesh;
  readonly sync: BlockSync;
  private readonly driver: Driver;
  private readonly inbox = new Inbox();
  private readonly bodies = new BlockBodies();
  private readonly proposals = new CompactProposals(this.pool, this.bodies, {
    whole: (link, proposal) => this.hearMessage(link, { type: 'proposal', proposal }),
    old: (link, height) => this.helper.heardOld(link, height, Date.now()),
    current: () => this.driver.height,
  });
  private readonly helper: LaggardHelper;
  private readonly snapshots: SnapshotServer;
  private readonly recovery: RecoveryThreads | null;
  private readonly folder: EvidenceFolder;
  private readonly halting: Halting;
  private readonly conflicts: ConflictWatch;
  private readonly expiry: NodeJS.Timeout;
  private readonly committedListeners: Listeners<bigint> = new Set();
  private readonly pendingListeners: Listeners<AdmittedTransaction> = new Set();
  private headSinceMs = 0;
  /** Peers that are none of these, nor of the next, were let go. */
  private peersAreOf: ValidatorSet | null = null;
  /** The height for which the machine knows that transactions wait. */
  private announcedHeight = 0n;
  private transactionsCommitted = 0;

  static async open(options: ChainOptions): Promise<Chain> {
    const { store, executor } = await openExecution(options);
    return new Chain(options, store, executor);
  }

  private constructor(
    private readonly options: ChainOptions,
    readonly store: ChainStore,
    readonly executor: Executor,
  ) {
    const { identity, dataFolder, logger, fatal } = options;
    const admission = new Admission(executor, this.pool);
    const verifier = verifyOnce(verify);
    this.recovery = options.program === undefined ? null : new RecoveryThreads(options.program, Math.max(1, Math.min(MAX_RECOVERY_THREADS, availableParallelism() - 1)));
    const work = new BlockWork(store, executor, admission, this.pool, this.bodies, identity.publicKey);
    this.folder = new EvidenceFolder(join(dataFolder, 'evidence'));
    this.halting = new Halting(join(dataFolder, 'halted'), logger, {
      broadcast: (frame) => this.mesh.broadcast(frame),
      stop: () => {
        this.sync.stop();
        this.driver.freeze();
      },
    });
    this.conflicts = new ConflictWatch({
      store, faultModel: options.genesis.faultModel, verify: verifier,
      found: (reason, proof) => this.halting.halt(reason, proof),
    });
    this.mesh = new Mesh(identity, store.genesisHash, () => store.head().height, this.meshEvents, logger);
    this.gossip = new Gossip({
      self: identity.publicKey, pool: this.pool, store, admission, validators: () => this.validators, peers: () => this.mesh.up, entered: (transaction) => this.entered(transaction),
    });
    this.driver = new Driver({
      config: { genesisHash: store.genesisHash, faultModel: options.genesis.faultModel, self: identity.publicKey, verify: verifier },
      store, work, logger, isUp: (keyHex) => this.mesh.linkOf(keyHex) !== undefined,
      safety: SafetyModule.open({ folder: join(dataFolder, 'consensus'), headHeight: store.head().height, genesisHash: store.genesisHash, privateKey: identity.privateKey, fatal }),
      events: {
        broadcast: (message) => this.mesh.broadcast(this.frameOf(message)),
        committed: (block, transactions) => this.committed(block.header.height, transactions),
        entered: (height) => this.feedKept(height),
        blockMissing: (height) => this.sync.need(height),
        evidence: (evidence) => {
          if (this.folder.keep(evidence)) logger.warn('a validator signed two conflicting messages; the proof is kept', { validator: toHex(evidence.publicKey), height: Number(evidencePlace(evidence).height) });
        },
        halted: (reason, proof) => this.halting.halt(reason, proof),
        fatal,
      },
    });
    this.sync = new BlockSync({
      store, mesh: this.mesh, work, driver: this.driver, logger, admission, bodies: this.bodies, recovery: this.recovery,
      certificates: { genesisHash: store.genesisHash, faultModel: options.genesis.faultModel, verify: verifier },
      halt: (reason, proof) => this.halting.halt(reason, proof),
    });
    this.snapshots = new SnapshotServer(store);
    this.helper = new LaggardHelper(store, () => this.headSinceMs);
    this.expiry = setInterval(() => this.pool.expire(Date.now()), EXPIRE_INTERVAL_MS);
    this.expiry.unref();
  }

  start(): void {
    if (!this.halting.restore()) {
      this.driver.start();
      for (const evidence of this.folder.proofs()) this.driver.feed({ type: 'evidence', evidence });
    }
    this.mesh.setEndpoints(this.options.endpoints);
  }

  /** Who votes on the height that is being decided. */
  get validators(): ValidatorSet {
    return this.driver.context.validators;
  }

  get isValidator(): boolean {
    return this.validators.indexOf(this.options.identity.publicKey) >= 0;
  }

  /** Whether the holder of this key may be our peer: who votes on the newest block or on the next, and whoever we were told to reach. */
  admits(key: Bytes): boolean {
    const { validators, prevValidators } = this.driver.context;
    return validators.indexOf(key) >= 0 || (prevValidators?.indexOf(key) ?? -1) >= 0 || this.options.endpoints[toHex(key)] !== undefined;
  }

  /** Equivocations: those that the newest blocks hold which hold any, the newest first, and those that wait for a block. */
  evidence(): { included: { height: bigint; evidence: Evidence }[]; waiting: readonly Evidence[] } {
    const heights = [...new Set(this.driver.context.accused.heights.values())].sort((a, b) => Number(b - a)).slice(0, MAX_EVIDENCE_BLOCKS);
    const included = heights.flatMap((height) => (this.store.block(height)?.evidence ?? []).map((evidence) => ({ height, evidence })));
    return { included, waiting: this.driver.evidence };
  }

  accept(socket: TLSSocket, key: Bytes): void {
    this.mesh.accept(socket, key);
  }

  setEndpoints(endpoints: PeerEndpoints): void {
    this.options.endpoints = endpoints;
    this.mesh.setEndpoints(endpoints);
  }

  get phase(): 'running' | 'syncing' | 'halted' {
    if (this.halting.reason !== undefined) return 'halted';
    return this.sync.syncing ? 'syncing' : 'running';
  }

  get reason(): string | undefined {
    return this.halting.reason;
  }

  get position(): Driver['position'] {
    return this.driver.position;
  }

  get counters(): { transactionsCommitted: number; droppedFrames: number } {
    return { transactionsCommitted: this.transactionsCommitted, droppedFrames: this.mesh.up.reduce((sum, link) => sum + link.droppedFrames, 0) };
  }

  onCommitted(listener: (height: bigint) => void): () => void {
    this.committedListeners.add(listener);
    return () => void this.committedListeners.delete(listener);
  }

  onPending(listener: (transaction: AdmittedTransaction) => void): () => void {
    this.pendingListeners.add(listener);
    return () => void this.pendingListeners.delete(listener);
  }

  /** Finishes the write that is under way and closes everything. */
  async stop(): Promise<void> {
    clearInterval(this.expiry);
    this.sync.stop();
    this.helper.stop();
    this.snapshots.stop();
    this.gossip.stop();
    this.mesh.stop();
    await this.driver.stop();
    await this.recovery?.close();
    await this.executor.close();
    await this.store.close();
  }

  private readonly meshEvents = {
    up: (link: PeerLink): void => {
      this.halting.tell((frame) => link.send(frame));
      if (this.halting.reason !== undefined) return;
      this.gossip.greet(link);
      this.driver.resend((message) => link.send(this.frameOf(message)));
      this.sync.consider();
    },
    down: (link: PeerLink): void => {
      this.helper.forget(link);
      this.snapshots.forget(link);
      this.proposals.disconnected(link);
      this.sync.disconnected(link);
    },
    height: (): void => this.sync.consider(),
    frame: (link: PeerLink, type: number, payload: Uint8Array): void => {
      try {
        this.hear(link, type, payload);
      } catch (error) {
        this.options.logger.warn('a peer sent a malformed frame', { peer: link.keyHex.slice(0, 16), type, reason: error instanceof Error ? error.message : String(error) });
        link.close('sent a malformed frame');
      }
    },
  };

  private hear(link: PeerLink, type: number, payload: Uint8Array): void {
    const message = decodeMessage(type, payload);
    if (message !== null) return this.halting.reason === undefined ? this.hearMessage(link, message) : undefined;
    switch (type) {
      case FRAME.transactions:
        // On a state that is long past nothing can be said of them; what counts comes in blocks.
        return this.sync.lost || this.halting.reason !== undefined ? undefined : this.gossip.receive(link, payload);
      case FRAME.transactionsHeld:
        return this.gossip.acknowledged(link, payload);
      case FRAME.compactProposal:
        return this.proposals.receive(link, payload);
      case FRAME.bodiesWanted:
        return this.proposals.answer(link, payload);
      case FRAME.bodies:
        return this.proposals.receiveBodies(link, payload);
      case FRAME.blocksWanted: {
        const { from, to } = decodeBlocksWanted(payload);
        return this.helper.answer(link, from, to);
      }
      case FRAME.snapshotWanted:
        return this.snapshots.asked(link, payload);
      case FRAME.decidedBlock:
        return this.sync.receive(link, payload);
      case FRAME.blocksEnd:
        return this.sync.answered(link, payload);
      default:
        throw new Error(`frame type ${type} is not known`);
    }
  }

  private frameOf(message: Message): Buffer {
    const compact = message.type === 'proposal' && message.proposal.block.transactions.length > 0;
    return compact ? this.proposals.frameOf(message.proposal) : messageFrame(message);
  }

  private hearMessage(link: PeerLink, message: Message): void {
    const height = heightOf(message);
    const current = this.driver.height;
    if (this.toldConflict(link, message)) return;
    if (height === current || message.type === 'evidence') this.feedHeld(link, message);
    else if (height < current) this.helper.heardOld(link, height, Date.now());
    else {
      this.hearCommitBelow(link, message, current);
      this.inbox.keep(link, message, current);
    }
  }

  /** A proposal of the next height holds a commit of this one: the machine may know none yet, or another (rule 17). */
  private hearCommitBelow(link: PeerLink, message: Message, current: bigint): void {
    const certificate = message.type === 'proposal' ? commitIn(message) : null;
    if (certificate?.height === current) this.feedHeld(link, { type: 'certificate', certificate });
  }

  private feedHeld(link: PeerLink, message: Message): void {
    const bytes = sizeOf(message);
    link.hold('consensus', bytes);
    this.driver.feed(inputOf(message), () => link.release('consensus', bytes));
  }

  /** Rule 17. True where the message needs no further look. */
  private toldConflict(link: PeerLink, message: Message): boolean {
    const told = commitIn(message);
    const verdict = told === null ? 'sound' : this.conflicts.heard(told);
    if (verdict === 'false') link.close('sent a certificate that does not hold');
    return verdict !== 'sound';
  }

  private feedKept(height: bigint): void {
    this.dropStrangers();
    for (const message of this.inbox.take(height)) this.driver.feed(inputOf(message));
  }

  /** Who has left the validators is no peer any more, unless we were told to reach it. */
  private dropStrangers(): void {
    const { prevValidators } = this.driver.context;
    if (prevValidators === this.peersAreOf) return;
    this.peersAreOf = prevValidators;
    for (const link of this.mesh.up) if (!this.admits(link.key)) link.close('it is no longer of this chain');
  }

  private entered(transaction: AdmittedTransaction): void {
    this.executor.prepare(transaction);
    for (const listener of this.pendingListeners) listener(transaction);
    this.tellMachine();
  }

  /** Once a height, and only while the pool is up to date with the block below it. */
  private tellMachine(): void {
    const { height } = this.driver;
    if (!this.pool.hasReady || this.announcedHeight === height || this.store.head().height + 1n !== height) return;
    this.announcedHeight = height;
    this.driver.feed({ type: 'transactionsAvailable', height });
  }

  private committed(height: bigint, transactions: readonly AdmittedTransaction[]): void {
    this.headSinceMs = Date.now();
    this.transactionsCommitted += transactions.length;
    this.pool.advance(transactions);
    this.gossip.committed(transactions);
    this.proposals.forget(height);
    if (!this.sync.lost || height % ANNOUNCE_EVERY === 0n) this.mesh.announceHeight();
    for (const listener of this.committedListeners) listener(height);
    this.options.logger.debug('block committed', { height: Number(height), transactions: transactions.length });
    this.tellMachine();
    this.sync.advanced();
  }
}
