import type { Overlay } from '../state/overlay.js';
import { CONSORTIUM_ADDRESS, PERMISSIONS_ADDRESS } from './addresses.js';
import { CONSORTIUM_SLOTS, field, readWord, slot, UPGRADE } from './layout.js';

const UPGRADE_SLOT = slot(CONSORTIUM_SLOTS.upgrade);
/** By the number that Consortium gives them. */
const TARGETS = [null, CONSORTIUM_ADDRESS, PERMISSIONS_ADDRESS];

/**
 * Before the first transaction of a block: where the members have decided so for this height, a system contract gets the code of the account
 * that they named. Its storage stays.
 */
export function applyUpgrade(overlay: Overlay, height: bigint): void {
  const word = readWord(overlay, CONSORTIUM_ADDRESS, UPGRADE_SLOT);
  if (word === 0n || field(word, UPGRADE.height) !== height) return;
  const target = TARGETS[Number(field(word, UPGRADE.target))] ?? null;
  const code = overlay.code(Uint8Array.from(Buffer.from(field(word, UPGRADE.code).toString(16).padStart(40, '0'), 'hex')));
  // The contract has seen the code, which nothing can take away since; a chain would not stop for want of it.
  if (target === null || code.length === 0) return;
  overlay.setCode(target, code);
  overlay.beginTransaction();
}
