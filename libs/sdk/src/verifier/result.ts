import type { FaultModel } from '#ledger';
import type { FounderStatus } from './founders.js';
import type { TrustedHead } from './trusted-head.js';

/** What is wrong with a receipt or a proof, or with what it was checked against. */
export type ReceiptFault =
  | 'badGenesisFile'
  | 'genesisHashMismatch'
  | 'founderUnknown'
  | 'founderSignature'
  | 'badReceipt'
  | 'validatorChanges'
  | 'otherChain'
  | 'faultModelMismatch'
  | 'heightZero'
  | 'validatorSetMismatch'
  | 'notACommit'
  | 'otherBlockCertified'
  | 'unknownValidator'
  | 'badSignature'
  | 'noQuorum'
  | 'transactionHashMismatch'
  | 'transactionNotIncluded'
  | 'resultNotIncluded'
  | 'badProof'
  | 'stateNotProven'
  | 'badTrustedHead'
  | 'trustedHeadConflict'
  | 'conflictingHeaders';

export type WarningCode = 'genesisNotAuthenticated' | 'founderMissing' | 'noTrustedHead' | 'crashFaultsOnly';

export interface VerifyOptions {
  /** The genesis hash as a founder told it, out of band: 0x hex. Without it the genesis file is not authenticated. */
  genesisHash?: string;
  /** The newest head that the caller trusts, see {@link TrustedHead}. */
  trustedHead?: TrustedHead;
}

/** What every verified document says. */
export interface VerifiedDocument {
  ok: true;
  genesisHash: string;
  /** Whether the caller gave the genesis hash and the file has it. */
  genesisAuthenticated: boolean;
  faultModel: FaultModel;
  height: bigint;
  blockHash: string;
  timeMs: bigint;
  /** Who certified the block. Every signature was checked. */
  certificate: { signers: string[]; power: bigint; totalPower: bigint; validators: number };
  founders: FounderStatus[];
  /** To keep: the newer of the given head and this receipt's block. */
  trustedHead: TrustedHead;
  warnings: { code: WarningCode; message: string }[];
}

export interface VerifiedReceipt extends VerifiedDocument {
  transactionHash: string;
  transactionIndex: number;
  /** 1 succeeded, 0 reverted. */
  status: 0 | 1;
  gasUsed: bigint;
  contractAddress: string | null;
  logCount: number;
}

export interface VerifiedState extends VerifiedDocument {
  address: string;
  /** After the block; null where the account does not exist. */
  account: { nonce: bigint; balance: bigint; codeHash: string } | null;
  /** 32 bytes each; zero where nothing was ever written. */
  storage: { slot: string; value: string }[];
}

export interface RefusedReceipt {
  ok: false;
  code: ReceiptFault;
  /** Exactly what is wrong, for people. */
  message: string;
}
