import { LedgerError, toHex, ValidatorSet, type Bytes } from '../src/index.js';
import { NODE_KEYS, WEAK_KEYS } from './keys.js';
import type { Order } from './transactions.js';

/** Whether the members would approve of such a set: the faulty stay below what the fault model bears. */
export type Guard = (set: ValidatorSet) => boolean;

const SETS = new Map<string, ValidatorSet>();

/** The set with these powers by number of key; 0 for none. Kept, as checking keys is slow. */
export function setOf(powers: readonly bigint[]): ValidatorSet {
  const key = powers.join();
  let found = SETS.get(key);
  if (found === undefined) {
    found = new ValidatorSet(powers.flatMap((power, number) => (power > 0n ? [{ publicKey: keyOf(number), power }] : [])));
    SETS.set(key, found);
  }
  return found;
}

const POWERS = new WeakMap<ValidatorSet, readonly bigint[]>();

/** Powers by number of key. */
export function powersOf(set: ValidatorSet): readonly bigint[] {
  let found = POWERS.get(set);
  if (found === undefined) {
    found = NODE_KEYS.map((key) => set.at(set.indexOf(key))?.power ?? 0n);
    POWERS.set(set, found);
  }
  return found;
}

/** Who votes next: each order that stays within what one block may change, counted from the block's own set; others do nothing. */
export function applyOrders(old: ValidatorSet, orders: readonly Order[], guard: Guard): ValidatorSet {
  let next = old;
  for (const order of orders) {
    if (order.type === 'plain') continue;
    const changed = order.type === 'weakKey' ? withWeakKey(next, order) : withPower(next, order);
    if (changed !== null && isChangeAllowed(old, changed) && guard(changed)) next = changed;
  }
  return next;
}

function withPower(set: ValidatorSet, { key, power }: { key: number; power: number }): ValidatorSet | null {
  const powers = [...powersOf(set)];
  if (key >= powers.length) return null;
  powers[key] = BigInt(power);
  return powers.some((one) => one > 0n) ? setOf(powers) : null;
}

/** The ledger refuses such a set; null where it does. */
function withWeakKey(set: ValidatorSet, { key, power }: { key: number; power: number }): ValidatorSet | null {
  const publicKey = WEAK_KEYS[key % WEAK_KEYS.length] as Bytes;
  return isRefused(publicKey) ? null : new ValidatorSet([...set.validators, { publicKey, power: BigInt(power) }]);
}

const REFUSED = new Map<Bytes, boolean>();

/** Whether no set may hold this key; asked once, as the answer is always the same. */
function isRefused(publicKey: Bytes): boolean {
  let refused = REFUSED.get(publicKey);
  if (refused === undefined) {
    try {
      refused = new ValidatorSet([{ publicKey, power: 1n }]).size === 0;
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      refused = true;
    }
    REFUSED.set(publicKey, refused);
  }
  return refused;
}

/** One block changes one validator, or a third of the old power, whichever is more. Of its own, so that no bug is on both sides. */
export function isChangeAllowed(old: ValidatorSet, next: ValidatorSet): boolean {
  const keys = new Map([...old.validators, ...next.validators].map(({ publicKey }) => [toHex(publicKey), publicKey]));
  let [changed, moved] = [0, 0n];
  for (const publicKey of keys.values()) {
    const before = old.at(old.indexOf(publicKey))?.power ?? 0n;
    const after = next.at(next.indexOf(publicKey))?.power ?? 0n;
    if (before === after) continue;
    changed += 1;
    moved += after > before ? after - before : before - after;
  }
  return changed <= 1 || 3n * moved <= old.total;
}

function keyOf(number: number): Bytes {
  const key = NODE_KEYS[number];
  if (key === undefined) throw new Error(`no key ${number}`);
  return key;
}
