import { keyPairOf } from '../crypto/ed25519.js';
import { toHex } from '../encoding/index.js';
import { checkValidatorChange } from './validator-limits.js';
import { stepToValidators } from './validator-step.js';
import { ValidatorSet } from './validators.js';

const KEYS = Array.from({ length: 12 }, (_, i) => keyPairOf(new Uint8Array(32).fill(i + 1)).publicKey);
const setOf = (powers: readonly number[]): ValidatorSet => new ValidatorSet(powers.flatMap((power, i) => (power === 0 ? [] : [{ publicKey: KEYS[i] as Uint8Array, power: BigInt(power) }])));
/** All sets on the way, and that each step may be. */
function walk(from: ValidatorSet, to: ValidatorSet): ValidatorSet[] {
  const sets: ValidatorSet[] = [];
  for (let set = from; toHex(set.hash) !== toHex(to.hash); ) {
    const next = stepToValidators(set, to);
    expect(checkValidatorChange(set, next)).toBeNull();
    expect(next).not.toBe(set);
    sets.push(next);
    set = next;
    expect(sets.length).toBeLessThan(40);
  }
  return sets;
}

describe('steps to the validators that are wanted (consensus.md, "Validators change")', () => {
  it('takes all at once where one block may, and answers the same object where nothing changes', () => {
    const four = setOf([1, 1, 1, 1]);
    expect(stepToValidators(four, setOf([1, 1, 1, 1]))).toBe(four);
    expect(walk(four, setOf([1, 1, 1, 1, 1]))).toHaveLength(1);
    expect(walk(setOf([1]), setOf([5]))).toHaveLength(1);
  });

  it('replaces a whole set without ever being empty', () => {
    expect(walk(setOf([1, 1, 1, 1]), setOf([0, 0, 0, 0, 1, 1, 1, 1])).length).toBeGreaterThan(3);
    expect(walk(setOf([1]), setOf([0, 7]))).toHaveLength(2);
  });

  it('gets from any set to any other', () => {
    let seed = 20_261_123;
    const random = (below: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
    for (let run = 0; run < 60; run++) {
      const some = (): number[] => KEYS.map(() => random(3) * random(50));
      const [a, b] = [some(), some()];
      a[random(12)] = 1;
      b[random(12)] = 1;
      walk(setOf(a), setOf(b));
    }
  });
});
