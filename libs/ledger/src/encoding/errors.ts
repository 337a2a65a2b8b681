/** What can be wrong with bytes, keys or evidence; callers branch on `code`. */
export type LedgerErrorCode =
  | 'truncated'
  | 'trailingBytes'
  | 'badVersion'
  | 'badTag'
  | 'notCanonical'
  | 'tooLong'
  | 'outOfRange'
  | 'badKey'
  | 'badValidatorSet'
  | 'badParams'
  | 'badEvidence'
  | 'badGenesis'
  | 'badReceipt'
  | 'validatorChanges';

export class LedgerError extends Error {
  constructor(
    readonly code: LedgerErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'LedgerError';
  }
}
