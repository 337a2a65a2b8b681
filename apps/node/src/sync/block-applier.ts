import { setImmediate as nextTurn } from 'node:timers/promises';
import { equalBytes, toHex, type Bytes, type HaltProof, type ValidatorSet } from '#ledger';
import { EvmError, type AdmittedTransaction, type ChainStore, type RecoveryThreads } from '#evm';
import type { BlockWork } from '../chain/block-work.js';
import type { Driver } from '../chain/driver.js';
import type { Admission } from '../pool/admission.js';
import type { BlockBodies } from '../pool/block-bodies.js';
import { isCertified, type CertificateContext, type OfferedBlock } from './offered-block.js';

/** Blocks whose senders are recovered before their turn, and from how many transactions on that is worth the way. */
const RECOVER_AHEAD = 32;
const MIN_TRANSACTIONS = 2;
/** Transactions whose recovery takes so long (some 40 µs each) that starting threads for it pays. */
const WORTH_THREADS = 1000;
/** Admitted before the event loop has a turn. */
const ADMIT_SLICE = 32;

export interface ApplierParts {
  store: ChainStore;
  work: BlockWork;
  driver: Driver;
  admission: Admission;
  bodies: BlockBodies;
  certificates: CertificateContext;
  /** Null where everything runs on one thread. */
  recovery: RecoveryThreads | null;
  /** Whether so much is missing that starting threads is worth it. */
  farBehind: () => boolean;
  /** The block of this height, where it has come: it stays until the chain has passed it. */
  at: (height: number) => OfferedBlock | undefined;
  /** It led to nothing here: it may be asked for again. */
  drop: (height: number) => void;
  /** It is not what its peer said. */
  lied: (offered: OfferedBlock, why: string) => void;
  halt: (reason: string, proof: HaltProof) => void;
}

/** Executes blocks that have come, one height after another, and hands them to the machine, which decides and commits them. */
export class BlockApplier {
  private pumping = false;
  /** The machine was given this block and has not answered yet. */
  private fed: OfferedBlock | undefined;
  private stopped = false;

  constructor(private readonly parts: ApplierParts) {}

  /** The validators of the height that is being decided here. */
  get validators(): ValidatorSet {
    return this.parts.driver.context.validators;
  }

  /** Goes on, where the next block is here. To be called when a block has come and when one was committed. */
  pump(): void {
    this.recoverAhead();
    if (!this.pumping) void this.run();
  }

  stop(): void {
    this.stopped = true;
  }

  private async run(): Promise<void> {
    this.pumping = true;
    try {
      for (let next = this.next(); next !== undefined && !this.stopped; next = this.next()) if (!(await this.apply(next))) break;
    } finally {
      this.pumping = false;
    }
  }

  /** Only at the height where the machine is: it may have decided the next one itself, which is not committed yet. */
  private next(): OfferedBlock | undefined {
    const height = this.parts.store.head().height + 1n;
    const offered = this.parts.driver.height === height ? this.parts.at(Number(height)) : undefined;
    return offered === this.fed ? undefined : offered;
  }

  /** False where the next block has to wait for this one's commit. */
  private async apply(offered: OfferedBlock): Promise<boolean> {
    const { driver, work, certificates } = this.parts;
    const { context } = driver;
    const { block, certificate } = offered;
    // The validators may have changed since it came; the machine checks the certificate in any case.
    if (!(offered.certified && equalBytes(block.header.validatorsHash, context.validators.hash)) && !isCertified(offered, context.validators, certificates)) {
      this.parts.drop(Number(block.header.height));
      this.parts.lied(offered, 'sent a block without a valid certificate');
      return true;
    }
    const admitted = this.admit(offered);
    if (offered.senders !== null && !offered.ready) this.helpThreads(Number(block.header.height));
    await admitted;
    const execution = await work.execute(block, context);
    const { height, stateRoot } = block.header;
    if (execution.status === 'abandoned') {
      this.parts.drop(Number(height));
      return true;
    }
    if (execution.status === 'invalid' || !equalBytes(execution.outcome.stateRoot, stateRoot)) {
      const what = execution.status === 'invalid' ? `is invalid here: ${execution.reason}` : `leads to another state here, ${toHex(execution.outcome.stateRoot).slice(0, 16)}`;
      this.parts.halt(`diverged: the certified block at height ${height} ${what}`, { certificates: [certificate], block });
      return false;
    }
    this.fed = offered;
    driver.feed({ type: 'syncedBlock', block, certificate, outcome: execution.outcome }, () => {
      this.fed = undefined;
      if (driver.height === height) this.parts.drop(Number(height));
    });
    // While the store commits this block, the next one's transactions are made ready.
    const next = this.parts.at(Number(height) + 1);
    if (next?.certified === true) void this.admit(next);
    return false;
  }

  private admit(offered: OfferedBlock): Promise<void> {
    return (offered.admitted ??= this.admitAll(offered).then(() => {
      offered.ready = true;
    }));
  }

  /** The threads are behind: of the blocks that they have not been given, this one takes the next. */
  private helpThreads(height: number): void {
    for (let ahead = height + 1; ahead <= height + RECOVER_AHEAD; ahead++) {
      const offered = this.parts.at(ahead);
      if (offered?.certified === true && offered.senders === null && offered.admitted === null) return void this.admit(offered);
    }
  }

  /** What cannot be admitted is found again where the block is executed, and said there. */
  private async admitAll({ block, senders }: OfferedBlock): Promise<void> {
    const { admission, bodies } = this.parts;
    const recovered = await senders;
    const admitted = recovered === null ? await this.admitHere(block.transactions) : admission.withSenders(block.transactions, recovered);
    if (admitted !== null) bodies.keep(block.transactions, admitted);
  }

  private async admitHere(raws: readonly Bytes[]): Promise<AdmittedTransaction[] | null> {
    const admitted: AdmittedTransaction[] = [];
    for (const [i, raw] of raws.entries()) {
      if (i % ADMIT_SLICE === ADMIT_SLICE - 1) await nextTurn();
      try {
        admitted.push(this.parts.admission.admitFromBlock(raw));
      } catch (error) {
        if (error instanceof EvmError) return null;
        throw error;
      }
    }
    return admitted;
  }

  /** The lowest blocks first; only of those whose certificate holds, so that nobody makes this node work for nothing. */
  private recoverAhead(): void {
    const { recovery, store } = this.parts;
    if (recovery === null) return;
    const head = Number(store.head().height);
    if (!this.parts.farBehind() && this.waiting(head) < WORTH_THREADS) return;
    for (let height = head + 1; height <= head + RECOVER_AHEAD; height++) {
      const offered = this.parts.at(height);
      if (offered === undefined || !offered.certified || offered.senders !== null || offered.admitted !== null || offered.block.transactions.length < MIN_TRANSACTIONS) continue;
      offered.senders = recovery.recover(offered.block.transactions);
      if (offered.senders === null) return;
      void offered.senders.then(() => this.recoverAhead());
    }
  }
  /** Transactions of the next blocks that nobody has looked at yet. */
  private waiting(head: number): number {
    let transactions = 0;
    for (let height = head + 1; height <= head + RECOVER_AHEAD; height++) {
      const offered = this.parts.at(height);
      if (offered !== undefined && offered.senders === null && offered.admitted === null) transactions += offered.block.transactions.length;
    }
    return transactions;
  }
}
