import type { Bytes } from '#ledger';

/** An entry of an EIP-2930 access list. */
export interface AccessListEntry {
  address: Bytes;
  storageKeys: readonly Bytes[];
}

/**
 * A transaction whose form, chain id and signature have been checked and whose sender is known. Making one costs a signature
 * recovery, so a node makes it once, at admission, and never again at proposal or execution.
 */
export interface AdmittedTransaction {
  /** Keccak-256 of `raw`, the hash that wallets know. */
  readonly hash: Bytes;
  /** The hash in hex, as a key of maps: made once. */
  readonly key: string;
  /** The bytes as signed: what a block carries. */
  readonly raw: Bytes;
  /** 0 legacy, 1 EIP-2930, 2 EIP-1559. */
  readonly type: 0 | 1 | 2;
  readonly sender: Bytes;
  /** The sender in hex, as a key of maps. */
  readonly senderKey: string;
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  /** Null deploys a contract. */
  readonly to: Bytes | null;
  readonly value: bigint;
  readonly data: Bytes;
  readonly accessList: readonly AccessListEntry[];
  /** Offered fees, in wei; never charged, they only rank replacements. For types 0 and 1 both are the gas price. */
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  /** What execution charges before the first opcode (Yellow Paper section 6.2, EIP-2930, EIP-3860). */
  readonly intrinsicGas: bigint;
  /** The least that the transaction costs by its data (EIP-7623). */
  readonly floorGas: bigint;
  readonly signature: {
    /** As on the wire: EIP-155's v for type 0, the parity for 1 and 2. */
    readonly v: bigint;
    readonly yParity: 0 | 1;
    readonly r: bigint;
    readonly s: bigint;
  };
}
