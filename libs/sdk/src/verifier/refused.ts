import type { ReceiptFault } from './result.js';

/** Ends a verification; becomes the answer of `verifyReceipt`. */
export class Refused extends Error {
  constructor(
    readonly code: ReceiptFault,
    message: string,
  ) {
    super(message);
  }
}
