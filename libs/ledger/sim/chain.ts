import {
  accusedAfter, blockHash, certificateHash, equalBytes, evidenceRoot, NOBODY_ACCUSED, paramsHash, sha256, toHex, transactionsRoot, utf8, ZERO_HASH,
  type Block, type Bytes, type Certificate, type Evidence, type ExecutionOutcome, type HeightContext, type Params, type ValidatorSet,
} from '../src/index.js';
import { applyOrders, type Guard } from './membership.js';
import { idOf, orderOf, type Order } from './transactions.js';

export const SIM_GENESIS_HASH = sha256(utf8('simulated genesis'));
const GENESIS_ROOT = sha256(utf8('simulated state'));
const RECEIPTS = utf8('receipts');

export interface Decided {
  block: Block;
  certificate: Certificate;
}

/** A chain, and a fake executor: the state root is a hash over all transactions so far. */
export class SimChain {
  readonly decided: Decided[] = [];
  private readonly included = new Set<number>();
  private root = GENESIS_ROOT;
  private previous: ValidatorSet | null = null;
  private accused = NOBODY_ACCUSED;
  private validators: ValidatorSet;

  /** @param guard which validator sets the members would never approve. */
  constructor(
    private readonly genesisValidators: ValidatorSet,
    readonly params: Params,
    private readonly guard: Guard,
  ) {
    this.validators = genesisValidators;
  }

  get height(): bigint {
    return BigInt(this.decided.length);
  }

  at(height: bigint): Decided | undefined {
    return this.decided[Number(height) - 1];
  }

  /** Who votes on the height above the head. */
  get current(): ValidatorSet {
    return this.validators;
  }

  includes(id: number): boolean {
    return this.included.has(id);
  }

  /** What a machine that begins above this head is told. */
  context(): HeightContext {
    const head = this.decided.at(-1);
    return {
      height: this.height + 1n,
      prevHash: head?.certificate.blockHash ?? SIM_GENESIS_HASH,
      prevTimeMs: head?.block.header.timeMs ?? 0n,
      prevCommit: head?.certificate ?? null,
      prevValidators: this.previous,
      validators: this.validators,
      params: this.params,
      emptyBlocks: this.emptyBlocks(),
      accused: this.accused,
    };
  }

  private emptyBlocks(): number {
    const most = this.params.trailingBlocks;
    for (let count = 0; count < most; count++) {
      const decided = this.decided[this.decided.length - 1 - count];
      if (decided === undefined) break;
      if (decided.block.transactions.length > 0) return count;
    }
    return most;
  }

  /** Null where a transaction is malformed, unsigned, or was included before. */
  execute(transactions: readonly Bytes[]): ExecutionOutcome | null {
    const seen = new Set<number>();
    const orders: Order[] = [];
    for (const transaction of transactions) {
      const id = idOf(transaction);
      const order = orderOf(transaction);
      if (order === null || seen.has(id) || this.included.has(id)) return null;
      seen.add(id);
      orders.push(order);
    }
    return {
      stateRoot: sha256(this.root, ...transactions),
      receiptsRoot: sha256(RECEIPTS, ...transactions),
      nextValidators: applyOrders(this.validators, orders, this.guard),
      params: this.params,
    };
  }

  /** A block above the head with a complete header. */
  build(proposer: Bytes, timeMs: bigint, transactions: readonly Bytes[], lastCommit: Certificate | null, evidence: readonly Evidence[]): { block: Block; outcome: ExecutionOutcome } {
    const context = this.context();
    const outcome = this.execute(transactions);
    if (outcome === null) throw new Error('the pool gave transactions that cannot be');
    const header = {
      version: 1 as const, genesisHash: SIM_GENESIS_HASH, height: context.height, prevHash: context.prevHash,
      prevCommitHash: lastCommit === null ? ZERO_HASH : certificateHash(lastCommit), timeMs, proposer,
      txRoot: transactionsRoot(transactions), txCount: transactions.length, stateRoot: outcome.stateRoot, receiptsRoot: outcome.receiptsRoot,
      validatorsHash: context.validators.hash, nextValidatorsHash: outcome.nextValidators.hash, paramsHash: paramsHash(context.params), evidenceRoot: evidenceRoot(evidence),
    };
    return { block: { header, transactions, lastCommit, evidence }, outcome };
  }

  /** Writes a decided block on the head. @throws Error where it does not stand on it. */
  append(block: Block, certificate: Certificate): void {
    const outcome = this.execute(block.transactions);
    if (block.header.height !== this.height + 1n || outcome === null || !equalBytes(outcome.stateRoot, block.header.stateRoot)) {
      throw new Error(`block ${block.header.height} ${toHex(blockHash(block.header)).slice(0, 8)} does not stand on height ${this.height}`);
    }
    for (const transaction of block.transactions) this.included.add(idOf(transaction));
    this.decided.push({ block, certificate });
    this.accused = accusedAfter(this.accused, block);
    this.root = outcome.stateRoot;
    this.previous = this.validators;
    this.validators = outcome.nextValidators;
  }

  /** The chain as it was at an earlier height, on its own. */
  copyTo(height: bigint): SimChain {
    const copy = new SimChain(this.genesisValidators, this.params, this.guard);
    for (const { block, certificate } of this.decided.slice(0, Number(height))) copy.append(block, certificate);
    return copy;
  }
}
