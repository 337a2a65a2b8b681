/** Why the pool refuses a transaction that is well formed: it may be accepted later, or elsewhere. */
export type PoolErrorCode =
  | 'nonceTooLow'
  | 'nonceTooHigh'
  | 'accountQueueFull'
  | 'replacementUnderpriced'
  | 'replacementTooSoon'
  | 'insufficientFunds'
  | 'poolFull';

export class PoolError extends Error {
  constructor(
    readonly code: PoolErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'PoolError';
  }
}
