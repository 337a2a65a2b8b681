import type { CallFrame, TraceOptions } from './call-frame.js';
import type { Block, Bytes, Certificate } from '#ledger';
import type { EvmErrorCode } from '../errors.js';
import type { BlockOverlay } from '../state/block-overlay.js';
import type { WantedRules } from '../system/wanted-rules.js';
import type { AccessListEntry, AdmittedTransaction } from '../transaction/admitted.js';

/** The block below the one that executes: it must be the store's head. Genesis is height 0, genesisHash, genesis time. */
export interface ParentBlock {
  height: bigint;
  hash: Bytes;
  timeMs: bigint;
}

export interface ExecuteRequest {
  parent: ParentBlock;
  /** Of the new header; the EVM sees whole seconds. */
  timeMs: bigint;
  transactions: readonly AdmittedTransaction[];
  /** Aborting ends the execution with `cancelled`, also within a transaction. */
  signal?: AbortSignal;
}

export interface BuildRequest {
  parent: ParentBlock;
  timeMs: bigint;
  /** In the pool's order. As many are taken as could fill a block: a generator over the pool is fine. */
  candidates: Iterable<AdmittedTransaction>;
  /**
   * Wall-clock time after which no further transaction is begun. One that is still running half a budget later is given up and set
   * aside (`outOfTime`); where it stands first it has half of the chain's proposeTimeoutMs, and is given up for good (`tooSlow`).
   */
  budgetMs: number;
  /** Of the transactions together; default is the chain's maxBlockBytes less a margin for header, certificate and evidence. */
  maxBytes?: number;
  maxTransactions?: number;
  signal?: AbortSignal;
}

/** A block's effect, not persisted: drop it and nothing has happened. */
export interface ExecutedBlock {
  parent: ParentBlock;
  height: bigint;
  timeMs: bigint;
  /** In the order of their execution. */
  executed: readonly AdmittedTransaction[];
  /** What they did, as it is stored (result-codec.ts): bytes, because thousands of results wait for a decision. */
  results: Bytes;
  /** Under which keys the block's logs are found (log-index.ts). */
  logPrefixes: ReadonlySet<string>;
  /** Opaque to callers; `commit` writes it. */
  overlay: BlockOverlay;
  /** What the header's fields must say. */
  stateRoot: Bytes;
  receiptsRoot: Bytes;
  txRoot: Bytes;
  gasUsed: bigint;
  /** What Consortium wants of the next heights, after this block. */
  wanted: WantedRules;
  /** Wall-clock time of the state tree's update, part of the execution: for metrics. */
  treeMs: number;
}

export interface BuiltBlock extends ExecutedBlock {
  /** Raw transactions in order: the block's body. */
  transactions: readonly Bytes[];
  /** Candidates that cannot stand here; the pool keeps those of which `mayStandLater` says so, and drops the rest. */
  skipped: readonly { transaction: AdmittedTransaction; code: EvmErrorCode }[];
}

/** `eth_call` and `eth_estimateGas`. */
export interface CallRequest {
  from?: Bytes;
  /** Null or absent deploys. */
  to?: Bytes | null;
  value?: bigint;
  data?: Bytes;
  /** Capped by the executor's call limit (default 50 million; an estimate never exceeds the chain's txGasLimit). */
  gasLimit?: bigint;
  accessList?: readonly AccessListEntry[];
  overrides?: readonly StateOverride[];
}

/** Geth's state overrides: `state` replaces the whole storage, `stateDiff` single slots. */
export interface StateOverride {
  address: Bytes;
  balance?: bigint;
  nonce?: bigint;
  code?: Bytes;
  state?: readonly { slot: Bytes; value: Bytes }[];
  stateDiff?: readonly { slot: Bytes; value: Bytes }[];
}

/** How a transaction or a call fails that may be executed. */
export type FailureCode = 'executionReverted' | 'outOfGas' | 'executionFailed';

export type CallResult =
  | { ok: true; returnData: Bytes; gasUsed: bigint }
  | { ok: false; code: FailureCode; message: string; /** Revert data. */ returnData: Bytes; gasUsed: bigint };

/** Executes Ethereum transactions on the chain's state. Only `commit` changes anything. */
export interface Executor {
  /**
   * Decodes a raw transaction, checks form, chain id, gas limits and signature, and recovers its sender. Once per node and transaction.
   * @param hash its Keccak-256, where the caller has it already.
   * @param sender as RecoveryThreads of this program answered it.
   * @throws EvmError with a TransactionErrorCode.
   */
  admit(raw: Bytes, hash?: Bytes, sender?: Bytes): AdmittedTransaction;
  /**
   * Executes the transactions on the head's state.
   * @throws EvmError `invalidBlock` (details.index, details.cause) when one cannot stand at its place; `staleParent` when the
   * parent is not the head; `cancelled`; `executorFailed`: this node could not execute it, which says nothing about the block.
   */
  executeBlock(request: ExecuteRequest): Promise<ExecutedBlock>;
  /**
   * Executes candidates until time, gas, bytes or candidates run out, leaving out those that cannot stand at their place.
   * @throws EvmError `staleParent`, `cancelled`.
   */
  buildBlock(request: BuildRequest): Promise<BuiltBlock>;
  /**
   * Persists a decided block with its certificate in one batch and moves the head; it is durable when the store says `flushed`.
   * The header's roots must be those of `executed`. Where its next validators are others than its own, they must be those to which
   * `stepToValidators` leads.
   * @throws EvmError `invalidBlock` when they are not, `staleParent` when the block does not follow the head.
   */
  commit(block: Block, certificate: Certificate, executed: ExecutedBlock): Promise<void>;
  /**
   * Executes without a trace, on the state after `height` (default: the head; "pending" is the same), in that block's environment.
   * @throws EvmError `insufficientFunds`, `unknownHeight`, `callTimeout`.
   */
  call(request: CallRequest, height?: bigint): Promise<CallResult>;
  /**
   * The least gas limit with which the transaction succeeds.
   * @throws EvmError `executionReverted` (details.revertData), `outOfGas`, `executionFailed`, `insufficientFunds`, `callTimeout`.
   */
  estimateGas(request: CallRequest, height?: bigint): Promise<bigint>;
  /**
   * Executes a decided block again and tells the calls of one of its transactions, or of all.
   * @param index the transaction; null for all.
   * @throws EvmError `unknownHeight`, `callTimeout`.
   */
  trace(height: bigint, index: number | null, options: TraceOptions): Promise<CallFrame[]>;
  /** A transaction that will have to be executed soon: what takes long to start may start now. */
  prepare(transaction: AdmittedTransaction): void;
  /** Ends what runs, with `cancelled`. To be called before the store is closed. */
  close(): Promise<void>;
}
