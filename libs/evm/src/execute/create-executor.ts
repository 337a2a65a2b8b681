import { blockHash, checkBlockBody, equalBytes, stepToValidators, type Block, type Bytes, type Certificate, type Params, type ValidatorSet } from '#ledger';
import { EvmError } from '../errors.js';
import type { ChainStore } from '../store/chain-store.js';
import { LmdbChainStore } from '../store/lmdb-chain-store.js';
import { readWantedRules, type WantedRules } from '../system/wanted-rules.js';
import { admitTransaction } from '../transaction/admit.js';
import type { AdmittedTransaction } from '../transaction/admitted.js';
import { ThreadEngine, type ThreadOptions } from '../worker/thread-engine.js';
import { CandidateQueue } from './candidates.js';
import { LocalEngine, type BoundedCall, type Engine } from './engine.js';
import type { BuildRequest, BuiltBlock, CallRequest, CallResult, ExecuteRequest, ExecutedBlock, Executor, ParentBlock } from './executor.js';
import type { BlockEffects } from './run-block.js';
import type { CallFrame, TraceOptions } from './call-frame.js';
import type { BuildLimits } from './run-build.js';
import { callTouchesCode, isPlainTransfer, touchesCode } from './touches-code.js';

export interface ExecutorOptions {
  store: ChainStore;
  /** Most gas of an `eth_call`; default 50 million. */
  callGasLimit?: bigint;
  /** Wall-clock limit of a call, and of an estimate with all its runs; default 5 seconds. */
  callTimeoutMs?: number;
  /** Contracts run on threads of their own (docs/spec/state.md); without this, on the caller's. */
  threads?: ThreadOptions;
}

const DEFAULT_CALL_GAS = 50_000_000n;
const DEFAULT_CALL_TIMEOUT_MS = 5000;
const MOST_TRACE_TIMES = 6;
/** Header, certificate of a large set and some evidence fit into this beside the transactions. */
const BODY_MARGIN_BYTES = 128 * 1024;

/** An executor over an open store. One per store: it owns the writes. */
export async function createExecutor(options: ExecutorOptions): Promise<Executor> {
  const { store, threads } = options;
  if (!(store instanceof LmdbChainStore)) throw new TypeError('the executor needs a store of openChainStore');
  return new EvmExecutor(store, threads === undefined ? null : new ThreadEngine(store, threads), options.callGasLimit ?? DEFAULT_CALL_GAS, options.callTimeoutMs ?? DEFAULT_CALL_TIMEOUT_MS);
}

class EvmExecutor implements Executor {
  private readonly local: LocalEngine;
  private readonly queue = new CandidateQueue();
  /** Of the head; null until it was looked at. */
  private wanted: WantedRules | null = null;

  constructor(
    private readonly store: LmdbChainStore,
    /** Runs what touches code; null for this thread. */
    private readonly apart: Engine | null,
    private readonly callGasLimit: bigint,
    private readonly callTimeoutMs: number,
  ) {
    this.local = new LocalEngine(store, apart === null);
  }

  admit(raw: Bytes, hash?: Bytes, sender?: Bytes): AdmittedTransaction {
    return admitTransaction(raw, { evmChainId: this.store.genesis.evmChainId, txGasLimit: this.nextParams.txGasLimit }, hash, sender);
  }

  prepare(transaction: AdmittedTransaction): void {
    if (this.apart !== null && !this.apart.isPrepared && touchesCode(this.store.state(), transaction.to)) this.apart.prepare();
  }

  async executeBlock(request: ExecuteRequest): Promise<ExecutedBlock> {
    const { parent, transactions } = request;
    requireHead(this.store, parent);
    const effects = await this.blockEngine(transactions).execute(request, transactions);
    return this.finish(parent, request.timeMs, transactions, effects);
  }

  async buildBlock(request: BuildRequest): Promise<BuiltBlock> {
    const { parent, timeMs } = request;
    requireHead(this.store, parent);
    const params = this.nextParams;
    const limits: BuildLimits = {
      budgetMs: request.budgetMs, firstMs: Math.max(request.budgetMs, params.proposeTimeoutMs / 2),
      maxBytes: request.maxBytes ?? Math.max(params.maxBlockBytes - BODY_MARGIN_BYTES, params.maxBlockBytes / 2), maxTransactions: request.maxTransactions ?? Infinity,
    };
    const candidates = this.queue.take(request.candidates, params.blockGasLimit);
    const effects = await this.blockEngine(candidates).build(request, candidates, limits);
    const skipped = effects.skipped.map(({ index, code }) => ({ transaction: candidates[index] as AdmittedTransaction, code }));
    const executed = effects.taken.map((index) => candidates[index] as AdmittedTransaction);
    this.queue.tried(skipped, executed);
    return { ...this.finish(parent, timeMs, executed, effects), transactions: executed.map(({ raw }) => raw), skipped };
  }

  async commit(block: Block, certificate: Certificate, executed: ExecutedBlock): Promise<void> {
    requireHead(this.store, executed.parent);
    const fault = commitFault(block, certificate, executed, this.store.genesisHash);
    if (fault !== null) throw new EvmError('invalidBlock', `the block is not the one that was executed: ${fault}`);
    await this.store.append(block, certificate, executed, this.nextValidators(block, executed));
    this.wanted = executed.wanted;
  }

  async call(request: CallRequest, height: bigint = this.store.head().height): Promise<CallResult> {
    const gasLimit = least(request.gasLimit ?? this.callGasLimit, this.callGasLimit);
    return this.callEngine(request, height).call(this.bounded(request, height, gasLimit));
  }

  async estimateGas(request: CallRequest, height: bigint = this.store.head().height): Promise<bigint> {
    const { txGasLimit, blockGasLimit } = this.nextParams;
    if (isPlainTransfer(this.store.state(height), request)) return (await this.local.call(this.bounded(request, height, 21_000n))).gasUsed;
    const cap = least(request.gasLimit ?? txGasLimit, least(txGasLimit, blockGasLimit));
    return this.callEngine(request, height).estimate(this.bounded(request, height, cap));
  }

  async trace(height: bigint, index: number | null, { onlyTopCall, withLog = false, timeoutMs = this.callTimeoutMs }: TraceOptions): Promise<CallFrame[]> {
    const block = this.store.block(height);
    const results = this.store.results(height);
    if (block === null || results === null) throw new EvmError('unknownHeight', `block ${height} is not here`);
    const raws = index === null ? block.transactions : block.transactions.slice(0, index + 1);
    // By the rules of then: members may have lowered the limit since.
    const rules = { evmChainId: this.store.genesis.evmChainId, txGasLimit: this.store.paramsAt(height).txGasLimit };
    const transactions = raws.map((raw, i) => admitTransaction(raw, rules, results[i]?.transactionHash, results[i]?.sender));
    const request = { height, transactions, which: index === null ? 'all' as const : 'last' as const, onlyTopCall, withLog, timeoutMs: Math.min(timeoutMs, this.callTimeoutMs * MOST_TRACE_TIMES) };
    return (this.apart ?? this.local).trace(request);
  }

  /** Of the height above the head. */
  private get nextParams(): Params {
    return this.store.paramsAt(this.store.head().height + 1n);
  }

  /** Null where they stay. */
  private nextValidators({ header }: Block, { wanted }: ExecutedBlock): ValidatorSet | null {
    if (equalBytes(header.nextValidatorsHash, header.validatorsHash)) return null;
    const current = this.store.validatorsAt(header.height);
    const next = wanted.validators === null ? current : stepToValidators(current, wanted.validators);
    if (!equalBytes(next.hash, header.nextValidatorsHash)) throw new EvmError('invalidBlock', 'the block is not the one that was executed: nextValidatorsHash');
    return next;
  }

  async close(): Promise<void> {
    await this.apart?.close();
  }

  /** Records and plain transfers stay here: they are quick, and many. One transaction that touches code takes the whole block along. */
  private blockEngine(transactions: readonly AdmittedTransaction[]): Engine {
    if (this.apart === null) return this.local;
    const state = this.store.state();
    return transactions.some(({ to }) => touchesCode(state, to)) ? this.apart : this.local;
  }

  private callEngine(request: CallRequest, height: bigint): Engine {
    return this.apart !== null && callTouchesCode(this.store.state(height), request) ? this.apart : this.local;
  }

  private bounded(request: CallRequest, height: bigint, gasLimit: bigint): BoundedCall {
    return { request, height, gasLimit, timeoutMs: this.callTimeoutMs };
  }

  /** Puts what a block did on the tree of the head. */
  private finish(parent: ParentBlock, timeMs: bigint, executed: readonly AdmittedTransaction[], effects: BlockEffects): ExecutedBlock {
    // The head may have moved while this ran; its tree is then not the one that these changes belong to.
    requireHead(this.store, parent);
    const height = parent.height + 1n;
    const beganMs = performance.now();
    const overlay = this.store.stateWriter.overlayAfter(effects.state, height);
    const treeMs = performance.now() - beganMs;
    this.wanted ??= readWantedRules(this.store.state(), null);
    const wanted = readWantedRules(this.store.stateAfter(overlay), this.wanted);
    const { results, logPrefixes, receiptsRoot, txRoot, gasUsed } = effects;
    return { parent, height, timeMs, executed, results, logPrefixes, overlay, stateRoot: overlay.root, receiptsRoot, txRoot, gasUsed, wanted, treeMs };
  }
}

function requireHead(store: LmdbChainStore, parent: ParentBlock): void {
  const head = store.head();
  if (head.height !== parent.height || Buffer.compare(head.hash, parent.hash) !== 0) {
    throw new EvmError('staleParent', `the block builds on height ${parent.height}, the head is ${head.height}`);
  }
}

/** What makes the block another than the executed one, or null. */
function commitFault(block: Block, certificate: Certificate, executed: ExecutedBlock, genesisHash: Bytes): string | null {
  const { header } = block;
  if (header.height !== executed.height) return `height ${header.height} instead of ${executed.height}`;
  if (!equalBytes(header.genesisHash, genesisHash)) return 'genesisHash';
  if (!equalBytes(header.prevHash, executed.parent.hash)) return 'prevHash';
  if (header.timeMs !== executed.timeMs) return 'timeMs';
  if (!equalBytes(header.stateRoot, executed.stateRoot)) return 'stateRoot';
  if (!equalBytes(header.receiptsRoot, executed.receiptsRoot)) return 'receiptsRoot';
  if (!equalBytes(header.txRoot, executed.txRoot)) return 'txRoot';
  if (certificate.height !== header.height || certificate.blockHash === null || !equalBytes(certificate.blockHash, blockHash(header))) return 'the certificate is of another block';
  return checkBlockBody(block);
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
