import { equalBytes } from '#ledger';
import type { Overlay } from '../state/overlay.js';
import { CONSORTIUM_ADDRESS, PERMISSIONS_ADDRESS } from './addresses.js';
import { CONSORTIUM_SLOTS, field, readWord, slot, UPGRADE } from './layout.js';

const UPGRADE_SLOT = slot(CONSORTIUM_SLOTS.upgrade);
const HASH_SLOT = slot(CONSORTIUM_SLOTS.upgradeCodeHash);
/** By the number that Consortium gives them. */
const TARGETS = [null, CONSORTIUM_ADDRESS, PERMISSIONS_ADDRESS];

/**
 * Before the first transaction of a block: where the members have decided so for this height, a system contract gets the code of the account
 * that they named, if that is still the code that they approved: a contract may end with the transaction that made it, and be made anew with
 * other code (EIP-6780, EIP-1014). Else nothing happens: a chain does not stop for want of it. Its storage stays.
 */
export function applyUpgrade(overlay: Overlay, height: bigint): void {
  const word = readWord(overlay, CONSORTIUM_ADDRESS, UPGRADE_SLOT);
  if (word === 0n || field(word, UPGRADE.height) !== height) return;
  const target = TARGETS[Number(field(word, UPGRADE.target))] ?? null;
  const named = overlay.account(Uint8Array.from(Buffer.from(field(word, UPGRADE.code).toString(16).padStart(40, '0'), 'hex')));
  if (target === null || named === null || !equalBytes(named.codeHash, slot(readWord(overlay, CONSORTIUM_ADDRESS, HASH_SLOT)))) return;
  const code = overlay.codeByHash(named.codeHash);
  overlay.setCode(target, code);
  overlay.beginTransaction();
}
