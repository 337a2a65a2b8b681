import { toHex } from '../encoding/index.js';
import { checkValidatorChange } from './validator-limits.js';
import { ValidatorSet, type Validator } from './validators.js';

/**
 * The validators of the next height where `wanted` shall vote in the end: all of them where one block may bring so much change, else as
 * many of the differences as it may, in a fixed order; later blocks bring the rest. Who comes or changes goes before who leaves, so that
 * the set is never empty on the way. The current ones stay where there is no set between that may be.
 */
export function stepToValidators(current: ValidatorSet, wanted: ValidatorSet): ValidatorSet {
  const fault = checkValidatorChange(current, wanted);
  if (fault === null) return sameSet(current, wanted) ? current : wanted;
  const next = new Map(current.validators.map((validator) => [toHex(validator.publicKey), validator]));
  let changed = 0;
  let moved = 0n;
  for (const { publicKey, power } of differences(current, wanted)) {
    const key = toHex(publicKey);
    const before = next.get(key)?.power ?? 0n;
    const distance = before < power ? power - before : before - power;
    if (changed > 0 && 3n * (moved + distance) > current.total) continue;
    changed += 1;
    moved += distance;
    if (power === 0n) next.delete(key);
    else next.set(key, { publicKey, power });
  }
  const step = [...next.values()];
  return checkValidatorChange(current, step) === null ? new ValidatorSet(step) : current;
}

/** Each validator of either set whose power is to be another; 0 for who leaves. */
function differences(current: ValidatorSet, wanted: ValidatorSet): Validator[] {
  const before = new Map(current.validators.map(({ publicKey, power }) => [toHex(publicKey), power]));
  const coming = wanted.validators.filter(({ publicKey, power }) => before.get(toHex(publicKey)) !== power);
  const leaving = current.validators.filter(({ publicKey }) => wanted.indexOf(publicKey) < 0).map(({ publicKey }) => ({ publicKey, power: 0n }));
  return [...coming, ...leaving];
}

function sameSet(a: ValidatorSet, b: ValidatorSet): boolean {
  return a === b || toHex(a.hash) === toHex(b.hash);
}
