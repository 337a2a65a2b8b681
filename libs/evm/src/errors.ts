import type { Bytes } from '#ledger';

/** Why a transaction can never be admitted: it stays wrong whatever the state. */
export type TransactionErrorCode =
  | 'malformedTransaction'
  | 'transactionTooLarge'
  | 'blobTransaction' // type 3
  | 'setCodeTransaction' // type 4
  | 'unknownTransactionType'
  | 'wrongChainId'
  | 'notReplayProtected' // legacy without EIP-155
  | 'highS'
  | 'badSignature'
  | 'gasLimitTooHigh'
  | 'intrinsicGasTooLow'
  | 'initCodeTooLarge'
  | 'feeCapBelowTip'
  | 'nonceOverflow';

/** Why an admitted transaction cannot execute at its place: it depends on the state. */
export type PlacementErrorCode =
  | 'nonceTooLow'
  | 'nonceTooHigh'
  | 'insufficientFunds'
  | 'senderHasCode'
  | 'blockGasExceeded'
  /** The members have lowered the limit since it was admitted. */
  | 'gasLimitTooHigh'
  /** Refused by Permissions (docs/spec/system-contracts.md). */
  | 'accountMayNotTransact'
  | 'accountMayNotDeploy'
  | 'noRoleForCall'
  /** The EVM itself failed on it; no block may hold it. */
  | 'notExecutable';

/** Why a builder left a transaction out by its clock; other nodes' clocks may say otherwise. */
export type BuildErrorCode =
  /** It was still running when the block's time was over: it may stand first in a later one. */
  | 'outOfTime'
  /** It stood first and took longer than any transaction may take here. */
  | 'tooSlow';

/** Why an `eth_call` or an estimate failed. */
export type CallErrorCode = 'executionReverted' | 'outOfGas' | 'executionFailed' | 'callTimeout'
  /** What a trace would tell is more than one may hold. */
  | 'traceTooLarge';

export type EvmErrorCode =
  | TransactionErrorCode
  | PlacementErrorCode
  | BuildErrorCode
  | CallErrorCode
  | 'invalidBlock'
  | 'staleParent'
  | 'cancelled'
  /** The thread that executes has failed on it, more than once: says nothing about the block or the call. */
  | 'executorFailed'
  /** So many calls wait that this one's turn did not come in time. */
  | 'executorBusy'
  | 'unknownHeight'
  | 'tooManyLogs'
  /** A search of logs took longer than one may. */
  | 'searchTooLong'
  | 'wrongGenesis'
  | 'damagedStore'
  | 'storeClosed';

export interface EvmErrorDetails {
  /** Position in the block of the transaction that is meant. */
  index?: number;
  /** With `invalidBlock`: what is wrong with that transaction. */
  cause?: EvmErrorCode;
  /** With `executionReverted`: what the contract returned; the ABI encoding of Error(string), Panic(uint256) or a custom error. */
  revertData?: Bytes;
}

/** The only error that this library throws on purpose: callers branch on `code`, never on the message. */
export class EvmError extends Error {
  constructor(
    readonly code: EvmErrorCode,
    message: string,
    readonly details: EvmErrorDetails = {},
  ) {
    super(message);
    this.name = 'EvmError';
  }
}
