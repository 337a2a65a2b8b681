import type { Block, Bytes, Certificate, Genesis, Header, TxResult, StateKey, StateProof, Params, ValidatorChange, ValidatorSet } from '#ledger';
import type { TreePlace } from '../snapshot/part.js';
import type { StateReader } from '../state/reader.js';
import type { AccessQuestion } from '../system/access.js';
import type { LogEntry, LogFilter } from './logs.js';

/** The newest decided block. At genesis `height` is 0, `hash` is genesisHash, `header` and `certificate` are null. */
export interface ChainHead {
  height: bigint;
  hash: Bytes;
  timeMs: bigint;
  stateRoot: Bytes;
  header: Header | null;
  certificate: Certificate | null;
}

/** A transaction's result with what an Ethereum receipt says beside the canonical leaf. */
export interface StoredResult extends TxResult {
  index: number;
  sender: Bytes;
  to: Bytes | null;
  /** Of this and all earlier transactions of the block. */
  cumulativeGasUsed: bigint;
  /** Position in the block of this transaction's first log. */
  firstLogIndex: number;
  /** What a reverted transaction returned (its first 4 KiB); empty otherwise. Not part of the canonical result. */
  revertData: Bytes;
}

/** Where a committed transaction stands. */
export interface TransactionPlace {
  height: bigint;
  blockHash: Bytes;
  timeMs: bigint;
  index: number;
  raw: Bytes;
  result: StoredResult;
}

/**
 * All that a node has decided, in one LMDB environment. One block is one atomic batch, so after a crash the store holds some
 * block whole, and nothing of the next. Reads are synchronous and see the newest commit. Heights without a block give null.
 */
export interface ChainStore {
  readonly genesis: Genesis;
  readonly genesisHash: Bytes;
  /** Where this store begins: 0, or the height of the snapshot, below which it has genesis, some headers, and nothing else. */
  readonly base: bigint;
  /** The lowest height whose state is here, beside that of genesis, which stays: `base`, or what pruning has left. */
  readonly oldestState: bigint;
  head(): ChainHead;
  /** By height or by block hash. Height 0 has no block. */
  block(at: bigint | Bytes): Block | null;
  /** As `block`, without reading the transactions. */
  header(at: bigint | Bytes): Header | null;
  /** The block's hash; genesisHash at height 0. */
  blockHashAt(height: bigint): Bytes | null;
  heightOf(blockHash: Bytes): bigint | null;
  /** The commit certificate of the block at this height. */
  certificate(height: bigint): Certificate | null;
  /** The block's canonical bytes, for block sync. */
  blockBytes(height: bigint): Bytes | null;
  /** One for each transaction, in order. */
  results(height: bigint): StoredResult[] | null;
  transaction(hash: Bytes): TransactionPlace | null;
  /** Whether the transaction is committed. */
  has(transactionHash: Bytes): boolean;
  /** @throws EvmError `tooManyLogs` when more than `filter.limit` match. */
  logs(filter: LogFilter): LogEntry[];
  /** The same in turns with whatever else this thread has to do. @throws EvmError `tooManyLogs`; `searchTooLong` after 5 seconds of work on more than one block. */
  findLogs(filter: LogFilter): Promise<LogEntry[]>;
  /**
   * The state after that block; the head's without an argument.
   * @throws EvmError `unknownHeight` above the head, and below `oldestState` but for genesis.
   */
  state(height?: bigint): StateReader;
  /** Who votes at a height, which may be the next one's. The same object for as long as nothing changes. */
  validatorsAt(height: bigint): ValidatorSet;
  /** The parameters of a height, which may be the next one's. */
  paramsAt(height: bigint): Params;
  /** The changes of validators that blocks from `from` on and below `below` brought, the lowest first, at most `limit`. */
  validatorChanges(from: bigint, below: bigint, limit: number): ValidatorChange[];
  /**
   * Whether Permissions lets the transaction stand in the next block, as far as the head says.
   * @throws EvmError `accountMayNotTransact`, `accountMayNotDeploy`, `noRoleForCall`, whose messages say what to do.
   */
  checkAccess(transaction: AccessQuestion): void;
  /** The member to whom the sender's account belongs in the head's state, by its id in Consortium; null for nobody's. */
  memberOf(transaction: AccessQuestion): number | null;
  /** Proves what the state holds at a key, or that it holds nothing; `verifyStateProof` checks it. @throws EvmError as `state`. */
  prove(key: StateKey, height?: bigint): StateProof;
  /** A part of the state's tree after that block, for a node that begins there (docs/spec/sync.md); null where there is no such node, or no such state. */
  part(place: TreePlace, height: bigint): Bytes | null;
  /** A contract's code by its Keccak-256. */
  code(codeHash: Bytes): Bytes | null;
  /**
   * Resolves when all that was committed before is on disk: `commit` itself answers a moment earlier, when it can be read.
   * Whatever must not be done before a block is durable waits for this.
   */
  flushed(): Promise<void>;
  close(): Promise<void>;
}
