import { compareBytes, equalBytes, type Bytes, encodeAccount, storeKeyOf, treeKeyOf, type AccountState } from '#ledger';
import type { BaseState, Overlay } from './overlay.js';
import { padWord, trimZeros } from './overlay.js';
import type { TreeChange } from './tree.js';

/** One value of the state after a block: an account's or a slot's encoding, or null for none. Keys as `storeKeyOf` gives them. */
export interface ValueChange {
  storeKey: Bytes;
  value: Bytes | null;
}

/** What a block changed, ready to be written: sorted by key, nothing in it that was so before. */
export interface StateChanges {
  readonly values: readonly ValueChange[];
  /** New code by its Keccak-256. */
  readonly codes: readonly { codeHash: Bytes; code: Bytes }[];
}

/** Collects an overlay's effective changes against what lies below it. */
export function changesOf(overlay: Overlay, base: BaseState): StateChanges {
  const values: ValueChange[] = [];
  for (const [key, account] of overlay.accounts) {
    const address = bytesOf(key);
    const before = overlay.accountBelow(address, key);
    const value = account === null ? null : encodeAccount(account);
    const same = before === null || account === null ? before === account : sameAccount(before, account);
    if (!same) values.push({ storeKey: storeKeyOf({ kind: 'account', address }), value });
  }
  for (const [key, slots] of overlay.slots) {
    if (slots.written.size === 0) continue;
    const address = bytesOf(key);
    for (const [slotKey, value] of slots.written) {
      const slot = bytesOf(slotKey);
      const before = slots.read.get(slotKey) ?? trimZeros(base.storage(address, slot));
      if (equalBytes(before, value)) continue;
      values.push({ storeKey: storeKeyOf({ kind: 'storage', address, slot }), value: value.length === 0 ? null : padWord(value) });
    }
  }
  values.sort((a, b) => compareBytes(a.storeKey, b.storeKey));
  return { values, codes: [...overlay.codes].map(([hash, code]) => ({ codeHash: bytesOf(hash), code })) };
}

function sameAccount(a: AccountState, b: AccountState): boolean {
  return a.nonce === b.nonce && a.balance === b.balance && equalBytes(a.codeHash, b.codeHash);
}

/** An overlay's keys are hex of its own making: Node reads them faster than the strict reader does. */
function bytesOf(hex: string): Bytes {
  return Buffer.from(hex, 'hex');
}

/** What a block changes, as the tree takes it. */
export interface StateEffects {
  readonly changes: readonly TreeChange[];
  readonly codes: StateChanges['codes'];
}

export function effectsOf(overlay: Overlay, base: BaseState): StateEffects {
  const { values, codes } = changesOf(overlay, base);
  return { changes: values.map(({ storeKey, value }) => ({ key: treeKeyOf(storeKey), value })), codes };
}
