import { EvmError } from '#evm';
import { to0x } from '#ledger';
import { revertMessage } from './revert.js';

/** Codes of JSON-RPC 2.0, EIP-1474 and Geth. */
export const CODES = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** Geth's for nearly everything that depends on the state. */
  server: -32000,
  limitExceeded: -32005,
  /** EIP-1474, transaction rejected: the chain's permissions refuse it, whatever its form. */
  rejected: -32003,
  /** Geth's for a revert whose data follows; viem and ethers decode it. */
  reverted: 3,
  /** EIP-7966: the transaction was taken, but is not committed yet. */
  notCommittedYet: 4,
} as const;

/** What a call answers instead of a result. */
export class RpcError extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly data?: unknown,
  ) {
    super(message);
    this.name = 'RpcError';
  }
}

export const invalidParams = (message: string): RpcError => new RpcError(CODES.invalidParams, message);
export const limitExceeded = (message: string): RpcError => new RpcError(CODES.limitExceeded, message);
export const serverError = (message: string): RpcError => new RpcError(CODES.server, message);

/**
 * The words that Ethereum's clients look for in a message, as Geth has them (core/error.go, core/txpool/errors.go). A code that is
 * not here keeps its own message.
 */
const GETH_WORDS: Record<string, string> = {
  nonceTooLow: 'nonce too low',
  nonceTooHigh: 'nonce too high',
  insufficientFunds: 'insufficient funds for gas * price + value',
  intrinsicGasTooLow: 'intrinsic gas too low',
  gasLimitTooHigh: 'exceeds block gas limit',
  initCodeTooLarge: 'max initcode size exceeded',
  feeCapBelowTip: 'max priority fee per gas higher than max fee per gas',
  replacementUnderpriced: 'replacement transaction underpriced',
  transactionTooLarge: 'oversized data',
  wrongChainId: 'invalid chain id for signer',
  blobTransaction: 'transaction type not supported',
  setCodeTransaction: 'transaction type not supported',
  unknownTransactionType: 'transaction type not supported',
  notReplayProtected: 'only replay-protected (EIP-155) transactions allowed over RPC',
  badSignature: 'invalid sender',
  highS: 'invalid sender',
  nonceOverflow: 'nonce has max value',
  poolFull: 'txpool is full',
};

/** Codes of refusals that say what the caller can do; anything else that is thrown is a fault of ours. */
const OTHER_REFUSALS = new Set([
  'malformedTransaction', 'senderHasCode', 'blockGasExceeded', 'accountQueueFull', 'replacementTooSoon', 'notAcknowledged', 'outOfGas', 'executionFailed', 'unknownHeight', 'callTimeout', 'executorFailed',
]);

/** The rules of Permissions that refuse a transaction. */
const FORBIDDEN = new Set(['accountMayNotTransact', 'accountMayNotDeploy', 'noRoleForCall']);

/** What to answer for whatever a handler threw, or null when it is a fault of this program. */
export function toRpcError(error: unknown): RpcError | null {
  if (error instanceof RpcError) return error;
  if (!(error instanceof Error)) return null;
  const code: unknown = 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') return null;
  if (code === 'executionReverted' && error instanceof EvmError) return revertError(error.details.revertData ?? new Uint8Array(0));
  if (FORBIDDEN.has(code)) return new RpcError(CODES.rejected, error.message);
  if (code === 'tooManyLogs' || code === 'searchTooLong' || code === 'traceTooLarge' || code === 'executorBusy') return limitExceeded(error.message);
  if (code === 'storeClosed') return serverError('the node is stopping');
  const words = GETH_WORDS[code];
  if (words === undefined) return OTHER_REFUSALS.has(code) ? serverError(error.message) : null;
  return serverError(error.message.startsWith(words) ? error.message : `${words}: ${error.message}`);
}

/** Code 3, the reason in the message, and the data with which clients decode custom errors. */
export function revertError(revertData: Uint8Array): RpcError {
  return new RpcError(CODES.reverted, revertMessage(revertData), to0x(revertData));
}
