import { encodeBlock, encodeCertificate, equalBytes, toHex, type Bytes, type ValidatorSet } from '#ledger';
import type { ChainStore, RecoveryThreads } from '#evm';
import type { BlockWork } from '../chain/block-work.js';
import type { Driver } from '../chain/driver.js';
import type { Admission } from '../pool/admission.js';
import { isCertified, type CertificateContext, type OfferedBlock } from './offered-block.js';

/** Blocks whose senders are recovered before their turn, and from how many transactions on that is worth the way. */
const RECOVER_AHEAD = 16;
const MIN_TRANSACTIONS = 16;

export interface ApplierParts {
  store: ChainStore;
  work: BlockWork;
  driver: Driver;
  admission: Admission;
  certificates: CertificateContext;
  /** Null where everything runs on one thread. */
  recovery: RecoveryThreads | null;
  /** The block of this height, where it has come; `take` removes it. */
  at: (height: number) => OfferedBlock | undefined;
  take: (height: number) => OfferedBlock | undefined;
  /** It is not what its peer said. */
  lied: (offered: OfferedBlock, why: string) => void;
  halt: (reason: string) => void;
  keepDiverged: (height: bigint, block: Bytes, certificate: Bytes) => void;
}

/** Executes blocks that have come, one height after another, and hands them to the machine, which decides and commits them. */
export class BlockApplier {
  private pumping = false;
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
    return this.parts.driver.height === height ? this.parts.take(Number(height)) : undefined;
  }

  /** False where the next block has to wait for this one's commit. */
  private async apply(offered: OfferedBlock): Promise<boolean> {
    const { driver, work, certificates } = this.parts;
    const { context } = driver;
    const { block, certificate } = offered;
    // The validators may have changed since it came; the machine checks the certificate in any case.
    if (!(offered.certified && equalBytes(block.header.validatorsHash, context.validators.hash)) && !isCertified(offered, context.validators, certificates)) {
      this.parts.lied(offered, 'sent a block without a valid certificate');
      return true;
    }
    const recovered = await offered.senders;
    if (recovered !== null) this.parts.admission.learn(block.transactions, recovered);
    const execution = await work.execute(block, context);
    if (execution.status === 'abandoned') return true;
    const { height, stateRoot } = block.header;
    if (execution.status === 'invalid' || !equalBytes(execution.outcome.stateRoot, stateRoot)) {
      this.parts.keepDiverged(height, encodeBlock(block), encodeCertificate(certificate));
      this.parts.halt(`diverged: the certified block at height ${height} ${execution.status === 'invalid' ? `is invalid here: ${execution.reason}` : `leads to another state here, ${toHex(execution.outcome.stateRoot).slice(0, 16)}`}`);
      return false;
    }
    driver.feed({ type: 'syncedBlock', block, certificate, outcome: execution.outcome });
    return false;
  }

  /** The lowest blocks first; only of those whose certificate holds, so that nobody makes this node work for nothing. */
  private recoverAhead(): void {
    const { recovery, store } = this.parts;
    if (recovery === null) return;
    const head = Number(store.head().height);
    for (let height = head + 1; height <= head + RECOVER_AHEAD; height++) {
      const offered = this.parts.at(height);
      if (offered === undefined || !offered.certified || offered.senders !== null || offered.block.transactions.length < MIN_TRANSACTIONS) continue;
      offered.senders = recovery.recover(offered.block.transactions);
      if (offered.senders === null) return;
    }
  }
}
