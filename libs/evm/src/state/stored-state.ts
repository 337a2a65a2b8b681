import { equalBytes, type Bytes } from '#ledger';
import { EMPTY_CODE_HASH } from '../crypto/keccak.js';
import { EvmError } from '../errors.js';
import { asBuffer, heightKey, ownBytes, type Tables } from '../store/tables.js';
import { decodeAccount, storeKeyOf, treeKeyOf } from './keys.js';
import type { BaseState } from './overlay.js';
import type { AccountState, StateReader } from './reader.js';

const NOTHING: Bytes = new Uint8Array(0);
const ZERO_WORD: Bytes = new Uint8Array(32);

/** The tree's value at a key after a height. */
export type FindInTree = (height: bigint, treeKey: Bytes) => Bytes | null;

/**
 * The state after one height, read from the store. `state` holds the newest value of each key and since when; a key that changed
 * later is looked up in the tree of the height. So a reader keeps showing its own height while newer blocks are written.
 */
export class StoredState implements StateReader, BaseState {
  constructor(
    private readonly tables: Tables,
    private readonly codes: CodeCache,
    private readonly find: FindInTree,
    readonly height: bigint,
  ) {}

  account(address: Bytes): AccountState | null {
    const value = this.value(storeKeyOf({ kind: 'account', address }));
    return value === null ? null : decodeAccount(value);
  }

  code(address: Bytes): Bytes {
    const account = this.account(address);
    return account === null ? NOTHING : this.codeByHash(account.codeHash);
  }

  codeByHash(codeHash: Bytes): Bytes {
    return equalBytes(codeHash, EMPTY_CODE_HASH) ? NOTHING : this.codes.get(codeHash);
  }

  storage(address: Bytes, slot: Bytes): Bytes {
    return this.value(storeKeyOf({ kind: 'storage', address, slot })) ?? ZERO_WORD;
  }

  root(): Bytes {
    const root = this.tables.roots.get(heightKey(this.height));
    if (root === undefined) throw new EvmError('unknownHeight', `no state is kept for height ${this.height}`);
    return ownBytes(root.subarray(0, 32));
  }

  private value(storeKey: Bytes): Bytes | null {
    const newest = this.tables.state.get(asBuffer(storeKey));
    if (newest === undefined) return null;
    if (newest.readBigUInt64BE(0) <= this.height) return newest.length === 8 ? null : newest.subarray(8);
    return this.find(this.height, treeKeyOf(storeKey));
  }
}

/** Contract code by hash: immutable, so it is kept. Bounded by count; the oldest goes first. */
export class CodeCache {
  private readonly kept = new Map<string, Bytes>();

  constructor(
    private readonly tables: Tables,
    private readonly maxEntries = 512,
  ) {}

  get(codeHash: Bytes): Bytes {
    const key = asBuffer(codeHash).toString('latin1');
    const known = this.kept.get(key);
    if (known !== undefined) return known;
    const stored = this.tables.codes.get(asBuffer(codeHash));
    if (stored === undefined) throw new EvmError('damagedStore', 'the code of an account is not in the store');
    const code = ownBytes(stored);
    this.kept.set(key, code);
    const oldest = this.kept.keys().next();
    if (this.kept.size > this.maxEntries && oldest.done !== true) this.kept.delete(oldest.value);
    return code;
  }
}
