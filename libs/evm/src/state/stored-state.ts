import { equalBytes, type Bytes, decodeAccount, storeKeyOf, treeKeyOf, type AccountState } from '#ledger';
import { EMPTY_CODE_HASH } from '../crypto/keccak.js';
import { EvmError } from '../errors.js';
import { asBuffer, ownBytes, type Tables } from '../store/tables.js';
import type { TreeView } from './head-tree.js';
import type { BaseState } from './overlay.js';
import type { StateReader } from './reader.js';

const NOTHING: Bytes = new Uint8Array(0);
const ZERO_WORD: Bytes = new Uint8Array(32);

/**
 * The state after one height: its tree. Nodes never change, so a reader keeps showing its own height while newer blocks are
 * written; those of the head are shared with whoever builds on it, and stay in memory.
 */
export class StoredState implements StateReader, BaseState {
  constructor(
    private readonly tree: TreeView,
    private readonly codes: CodeCache,
    readonly height: bigint,
    /** The lowest height whose state is kept, which may come to stand above this one's while it is read. */
    private readonly oldest: () => bigint = () => 0n,
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
    return this.tree.hash;
  }

  private value(storeKey: Bytes): Bytes | null {
    try {
      return this.tree.find(treeKeyOf(storeKey));
    } catch (error) {
      if (isMissing(error) && this.height > 0n && this.height < this.oldest()) throw prunedState(this.height, this.oldest());
      throw error;
    }
  }
}

/** A node that is not in the store; of EvmError, or of the addon that reads the head's tree. */
const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'damagedStore';

/** What is answered where a state is asked for that pruning has taken. */
export function prunedState(height: bigint, oldest: bigint): EvmError {
  return new EvmError('unknownHeight', `the state of height ${height} is pruned here, the oldest kept is that of ${oldest} (STELE_HISTORY): ask a node that keeps an archive`);
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
