import { LedgerError, toHex } from '../encoding/index.js';
import { ValidatorSet, type Validator } from './validators.js';

/** Why a block may not bring these validators for the next height. */
export type ValidatorChangeFault =
  /** They are no set: none, too many, a key twice, a weak key, no power, too much power. */
  | { code: 'badValidatorSet'; reason: string }
  /** More change than one block may bring: `changed` validators, whose powers differ by `moved` in all, of `total` before. */
  | { code: 'tooMuchChange'; changed: number; moved: bigint; total: bigint };

/**
 * Whether one block may replace the validators `old` of its height by `next`: at most one of them differs (comes, goes, or gets
 * another power), or the powers that came, went or differ add up to at most a third of the old power. So those who know the old
 * set still know most of the new one, and a chain can grow from one validator. docs/spec/consensus.md, "Validators change", has the why.
 */
export function checkValidatorChange(old: ValidatorSet, next: ValidatorSet | readonly Validator[]): ValidatorChangeFault | null {
  if (next === old) return null;
  const set = next instanceof ValidatorSet ? next : setOf(next);
  if (!(set instanceof ValidatorSet)) return set;
  const { changed, moved } = differenceOf(old, set);
  return changed <= 1 || 3n * moved <= old.total ? null : { code: 'tooMuchChange', changed, moved, total: old.total };
}

/** How many validators differ, and the sum of what their powers differ by; who is in one set only has power 0 in the other. */
function differenceOf(old: ValidatorSet, next: ValidatorSet): { changed: number; moved: bigint } {
  const before = new Map(old.validators.map(({ publicKey, power }) => [toHex(publicKey), power]));
  let changed = 0;
  let moved = 0n;
  const count = (from: bigint, to: bigint): void => {
    if (from === to) return;
    changed += 1;
    moved += from < to ? to - from : from - to;
  };
  for (const { publicKey, power } of next.validators) {
    const key = toHex(publicKey);
    count(before.get(key) ?? 0n, power);
    before.delete(key);
  }
  for (const power of before.values()) count(power, 0n);
  return { changed, moved };
}

function setOf(validators: readonly Validator[]): ValidatorSet | ValidatorChangeFault {
  try {
    return new ValidatorSet(validators);
  } catch (error) {
    if (error instanceof LedgerError) return { code: 'badValidatorSet', reason: error.message };
    throw error;
  }
}
