import type { Bytes } from '#ledger';
import type { AccountState } from './reader.js';

/** What a block changed. Keys are lowercase hex: addresses (40 digits) and address with slot (104 digits). */
export interface StateChanges {
  /** Null: the account is gone. */
  readonly accounts: ReadonlyMap<string, AccountState | null>;
  /** Zero (32 bytes) deletes the slot. */
  readonly storage: ReadonlyMap<string, Bytes>;
  /** New code by its Keccak-256 in hex. */
  readonly codes: ReadonlyMap<string, Bytes>;
  /** The state tree's new nodes. */
  readonly nodes: readonly Bytes[];
  readonly root: Bytes;
}
