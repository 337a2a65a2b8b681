/** The offline verifier: receipts against genesis, genesis against its founders. */
export { personalMessageHash, recoverPersonalSigner, verifyFounder, verifyFounders, type FoundersCheck, type FounderStatus } from './founders.js';
export { isTrustedHead, type TrustedHead } from './trusted-head.js';
export { verifyReceipt } from './verify-receipt.js';
export { verifyState } from './verify-state.js';
export type { ReceiptFault, RefusedReceipt, VerifiedDocument, VerifiedReceipt, VerifiedState, VerifyOptions, WarningCode } from './result.js';
