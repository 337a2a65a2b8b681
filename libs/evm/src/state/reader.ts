import type { AccountState, Bytes } from '#ledger';

/** The state after one block. Reads are synchronous: LMDB is memory-mapped. */
export interface StateReader {
  /** The block after which this state holds; 0 is genesis. */
  readonly height: bigint;
  /** Null when the account does not exist. */
  account(address: Bytes): AccountState | null;
  /** Empty when there is none. */
  code(address: Bytes): Bytes;
  /** Always 32 bytes; zero when never written. `slot` is 32 bytes. */
  storage(address: Bytes, slot: Bytes): Bytes;
  /** Root of the authenticated tree (docs/spec/state.md); the header's stateRoot. */
  root(): Bytes;
}
