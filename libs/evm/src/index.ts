/** Executes Ethereum transactions and keeps what the chain decided. Everything asynchronous about the EVM ends here. */
export { EvmError, type BuildErrorCode, type CallErrorCode, type EvmErrorCode, type EvmErrorDetails, type PlacementErrorCode, type TransactionErrorCode } from './errors.js';
export type { AccessListEntry, AdmittedTransaction } from './transaction/admitted.js';
export type { StateReader } from './state/reader.js';
export type { BlockOverlay } from './state/block-overlay.js';
export { Turns } from './store/turns.js';
export type { ChainHead, ChainStore, StoredResult, TransactionPlace } from './store/chain-store.js';
export { memberOfNode } from './system/node-owner.js';
export type { WantedRules } from './system/wanted-rules.js';
export type { LogEntry, LogFilter } from './store/logs.js';
export type {
  BuildRequest, BuiltBlock, CallRequest, CallResult, ExecuteRequest, ExecutedBlock, Executor, ParentBlock, StateOverride,
} from './execute/executor.js';
export { isWhole, SnapshotWriter, type Placed } from './snapshot/snapshot-writer.js';
export { readPart, type Part, type PartBranch, type PartInner, type PartLeaf, type TreePlace } from './snapshot/part.js';
export { openChainStore, type OpenOptions } from './store/open.js';
export { createExecutor, type ExecutorOptions } from './execute/create-executor.js';
export type { CallFrame, TraceOptions } from './execute/call-frame.js';
export { mayStandLater } from './execute/run-build.js';
export type { ThreadOptions } from './worker/thread-engine.js';
export { serveExecution } from './worker/serve.js';
export type { Recovered } from './recovery/recover-all.js';
export { RecoveryThreads } from './recovery/recovery-threads.js';
export { isRecoveryThread, serveRecovery } from './recovery/serve-recovery.js';
export { decodeTransaction, recoverSender as recoverTransactionSender, type DecodedTransaction } from './transaction/decode.js';
export { keccak256 } from './crypto/keccak.js';
