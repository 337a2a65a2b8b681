import { setImmediate as nextTurn } from 'node:timers/promises';
import { EvmError, mayStandLater, type AdmittedTransaction, type BuiltBlock, type ChainStore, type ExecutedBlock, type Executor, type ParentBlock } from '#evm';
import {
  blockHash, certificateHash, equalBytes, evidenceRoot, paramsHash, stepToValidators, toHex, ZERO_HASH, type Block, type Bytes, type Certificate, type Effect, type ExecutionOutcome, type Genesis, type HeightContext,
} from '#ledger';
import type { Admission } from '../pool/admission.js';
import type { BlockBodies } from '../pool/block-bodies.js';
import type { Pool } from '../pool/pool.js';

/** Executing takes the others as long as it took the proposer: a small part of the time that they wait. */
const MAX_BUILD_MS = 250;
const ADMIT_SLICE = 32;

/** Executed, invalid, or given up because the height is over. */
export type Execution = { status: 'valid'; outcome: ExecutionOutcome } | { status: 'invalid'; reason: string } | { status: 'abandoned' };

/**
 * Builds, executes and commits blocks on the head, and keeps the overlays of the height's blocks until one is decided.
 * Work on a height waits until the one below is durable.
 */
export class BlockWork {
  private overlays = new Map<string, ExecutedBlock>();
  private abort = new AbortController();
  private committing: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: ChainStore,
    private readonly executor: Executor,
    private readonly admission: Admission,
    private readonly pool: Pool,
    private readonly bodies: BlockBodies,
    private readonly self: Bytes,
  ) {}

  /** Null where the height is over before the block is ready. */
  async build(effect: Extract<Effect, { type: 'build' }>, context: HeightContext): Promise<{ block: Block; outcome: ExecutionOutcome } | null> {
    await this.committing;
    const parent = this.parentOf(effect.height);
    if (parent === null) return null;
    const now = BigInt(Date.now());
    const timeMs = now > effect.minTimeMs ? now : effect.minTimeMs;
    const { signal } = this.abort;
    try {
      const built = await this.executor.buildBlock({ parent, timeMs, candidates: this.pool.candidates(), budgetMs: Math.min(MAX_BUILD_MS, context.params.proposeTimeoutMs / 4), signal });
      this.dropHopeless(built);
      const outcome = outcomeOf(built, context, this.store.genesis);
      const block = this.blockOf(effect, context, built, outcome);
      this.bodies.keep(block.transactions, built.executed);
      this.overlays.set(toHex(blockHash(block.header)), built);
      return { block, outcome };
    } catch (error) {
      if (isAbandoned(error)) return null;
      throw error;
    }
  }

  /** Executes a block whose form and header were checked. */
  async execute(block: Block, context: HeightContext): Promise<Execution> {
    await this.committing;
    const parent = this.parentOf(block.header.height);
    if (parent === null) return { status: 'abandoned' };
    const key = toHex(blockHash(block.header));
    const known = this.overlays.get(key);
    if (known !== undefined) return { status: 'valid', outcome: outcomeOf(known, context, this.store.genesis) };
    const { signal } = this.abort;
    try {
      const transactions = this.bodies.of(block.transactions) ?? (await this.admitAll(block.transactions, signal));
      const size = block.transactions.reduce((sum, raw) => sum + raw.length, 0);
      if (size > context.params.maxBlockBytes) return { status: 'invalid', reason: `its transactions take ${size} bytes` };
      const executed = await this.executor.executeBlock({ parent, timeMs: block.header.timeMs, transactions, signal });
      this.overlays.set(key, executed);
      return { status: 'valid', outcome: outcomeOf(executed, context, this.store.genesis) };
    } catch (error) {
      if (isAbandoned(error)) return { status: 'abandoned' };
      if (error instanceof EvmError) return { status: 'invalid', reason: error.message };
      throw error;
    }
  }

  /** Makes a decided block durable. Everything else of its height is given up. Answers who sent its transactions. */
  commit(block: Block, certificate: Certificate): Promise<readonly AdmittedTransaction[]> {
    const executed = this.overlays.get(toHex(blockHash(block.header)));
    if (executed === undefined) throw new Error(`block ${block.header.height} was decided and never executed here`);
    this.overlays = new Map();
    // A reason of our own: the one that is made where none is given costs a stack trace in each height.
    this.abort.abort('the height is over');
    this.abort = new AbortController();
    const done = this.committing.then(() => this.executor.commit(block, certificate, executed));
    this.committing = done;
    return done.then(() => executed.executed);
  }

  /** Gives up what runs and waits for the last commit. */
  async stop(): Promise<void> {
    this.abort.abort('this node stops');
    await this.committing;
  }

  private parentOf(height: bigint): ParentBlock | null {
    const head = this.store.head();
    return head.height + 1n === height ? { height: head.height, hash: head.hash, timeMs: head.timeMs } : null;
  }

  private async admitAll(raw: readonly Bytes[], signal: AbortSignal): Promise<AdmittedTransaction[]> {
    const admitted: AdmittedTransaction[] = [];
    for (const [i, one] of raw.entries()) {
      if (i % ADMIT_SLICE === ADMIT_SLICE - 1) await nextTurn();
      if (signal.aborted) throw new EvmError('cancelled', 'the height is over');
      admitted.push(this.admission.admitFromBlock(one));
    }
    return admitted;
  }

  /** What cannot stand on this state will not stand on the next either; only room and gaps may change. */
  private dropHopeless(built: BuiltBlock): void {
    for (const { transaction, code } of built.skipped) {
      if (!mayStandLater(code)) this.pool.drop(transaction.hash);
    }
  }

  private blockOf(effect: Extract<Effect, { type: 'build' }>, context: HeightContext, built: BuiltBlock, outcome: ExecutionOutcome): Block {
    return {
      header: {
        version: 1, genesisHash: this.store.genesisHash, height: effect.height, prevHash: context.prevHash,
        prevCommitHash: effect.lastCommit === null ? ZERO_HASH : certificateHash(effect.lastCommit),
        timeMs: built.timeMs, proposer: this.self, txRoot: built.txRoot, txCount: built.transactions.length, stateRoot: built.stateRoot,
        receiptsRoot: built.receiptsRoot, validatorsHash: context.validators.hash, nextValidatorsHash: outcome.nextValidators.hash,
        paramsHash: paramsHash(context.params), evidenceRoot: evidenceRoot(effect.evidence),
      },
      transactions: built.transactions,
      lastCommit: effect.lastCommit,
      evidence: effect.evidence,
    };
  }
}

/** The next height begins with what Consortium wants after this block, as far as one block may change it. */
function outcomeOf({ stateRoot, receiptsRoot, wanted }: ExecutedBlock, { validators, params }: HeightContext, genesis: Genesis): ExecutionOutcome {
  const next = wanted.params ?? genesis.params;
  return {
    stateRoot, receiptsRoot,
    nextValidators: wanted.validators === null ? validators : stepToValidators(validators, wanted.validators),
    params: next === params || equalBytes(paramsHash(next), paramsHash(params)) ? params : next,
  };
}

/** `executorFailed` is this node's own trouble: it says nothing about the block, so that no vote may follow from it. */
function isAbandoned(error: unknown): boolean {
  return error instanceof EvmError && (error.code === 'cancelled' || error.code === 'staleParent' || error.code === 'executorFailed');
}
