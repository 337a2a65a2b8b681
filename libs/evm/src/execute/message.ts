import type { Bytes, Log } from '#ledger';
import type { AccessListEntry } from '../transaction/admitted.js';

/** What execution needs of a transaction; a call has these too. */
export interface Message {
  sender: Bytes;
  /** The sender in hex, where it is known already. */
  senderKey?: string;
  nonce: bigint;
  gasLimit: bigint;
  to: Bytes | null;
  value: bigint;
  data: Bytes;
  accessList: readonly AccessListEntry[];
  intrinsicGas: bigint;
  floorGas: bigint;
  /** What GASPRICE says; 0 where there are no fees. */
  gasPrice?: bigint;
  /** What BLOBHASH says (EIP-4844). */
  blobVersionedHashes?: readonly `0x${string}`[];
}

export interface Outcome {
  /** Null when it succeeded. */
  failure: null | { code: 'executionReverted' | 'outOfGas' | 'executionFailed'; message: string };
  gasUsed: bigint;
  /** Gas consumed before the refund: what the gas limit must cover. */
  gasBeforeRefund: bigint;
  returnData: Bytes;
  logs: Log[];
  contractAddress: Bytes | null;
}
