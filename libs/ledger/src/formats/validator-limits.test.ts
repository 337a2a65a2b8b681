import fc from 'fast-check';
import { seeded } from '../../testing/seed.js';
import { keyPairOf } from '../crypto/ed25519.js';
import { checkValidatorChange } from './validator-limits.js';
import { ValidatorSet, type Validator } from './validators.js';

const KEYS = Array.from({ length: 12 }, (_, i) => keyPairOf(new Uint8Array(32).fill(i + 1)).publicKey);
/** Powers by number of key; 0 is not in the set. */
const list = (...powers: readonly number[]): Validator[] => powers.flatMap((power, i) => (power === 0 ? [] : [{ publicKey: KEYS[i] as Uint8Array, power: BigInt(power) }]));
const set = (...powers: readonly number[]): ValidatorSet => new ValidatorSet(list(...powers));

describe('what one block may change about the validators', () => {
  it.each<[string, number[], number[], boolean]>([
    ['nothing', [1, 1, 1], [1, 1, 1], true],
    ['one joins one: chains grow from one', [1], [1, 1], true],
    ['one joins with more power than all others', [1, 1], [1, 1, 50], true],
    ['one leaves', [1, 1], [1], true],
    ['one gets more power', [1, 1, 1], [9, 1, 1], true],
    ['two join two', [1, 1], [1, 1, 1, 1], false],
    ['one is replaced among three: 2 of 3 power', [1, 1, 1], [1, 1, 0, 1], false],
    ['one is replaced among six: 2 of 6 power', [1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0, 1], true],
    ['two leave six', [1, 1, 1, 1, 1, 1], [1, 1, 1, 1], true],
    ['three leave eight: 3 of 8 power', [1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1], false],
    ['exactly a third of the old power', [3, 3, 3], [4, 5, 3], true],
    ['one more than a third', [3, 3, 3], [4, 6, 3], false],
    ['two validators exchange their powers', [1, 5, 6], [5, 1, 6], false],
    ['the third is of the old power, not of the new', [1, 1, 1], [1, 1, 1, 9, 9], false],
    ['everybody is replaced', [1, 1, 1], [0, 0, 0, 1, 1, 1], false],
  ])('%s', (_name, old, next, allowed) => {
    expect(checkValidatorChange(set(...old), set(...next)) === null).toBe(allowed);
    expect(checkValidatorChange(set(...old), list(...next)) === null).toBe(allowed);
  });

  it('says how much it would be', () => expect(checkValidatorChange(set(1, 1, 1), set(1, 1, 0, 1))).toEqual({ code: 'tooMuchChange', changed: 2, moved: 2n, total: 3n }));

  it.each<[string, Validator[]]>([
    ['nobody', []],
    ['a key twice', [...list(1), ...list(1)]],
    ['a weak key', [...list(1), { publicKey: Uint8Array.of(1, ...new Uint8Array(31)), power: 1n }]],
    ['no power', [{ publicKey: KEYS[0] as Uint8Array, power: 0n }]],
    ['more power than may be', [{ publicKey: KEYS[0] as Uint8Array, power: (1n << 62n) + 1n }]],
  ])('%s is no set', (_name, next) => expect(checkValidatorChange(set(1), next)).toMatchObject({ code: 'badValidatorSet' }));

  const powers = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 12 }).filter((all) => all.some((power) => power > 0));

  it('is the same both ways but for whose power counts, and never depends on order', () => {
    fc.assert(fc.property(powers, powers, (a, b) => {
      const [there, back] = [checkValidatorChange(set(...a), set(...b)), checkValidatorChange(set(...b), set(...a))];
      if (there?.code === 'tooMuchChange' && back?.code === 'tooMuchChange') expect([there.changed, there.moved]).toEqual([back.changed, back.moved]);
      expect(checkValidatorChange(set(...a), list(...b).reverse())).toEqual(there);
    }), seeded(300));
  });

  it('leaves, where more than one differ, those who stayed with two thirds of the old power', () => {
    fc.assert(fc.property(powers, powers, (a, b) => {
      if (checkValidatorChange(set(...a), set(...b)) !== null) return;
      const total = a.reduce((sum, power) => sum + power, 0);
      const kept = a.reduce((sum, power, i) => sum + Math.min(power, b[i] ?? 0), 0);
      const differing = KEYS.filter((_, i) => (a[i] ?? 0) !== (b[i] ?? 0)).length;
      expect(differing <= 1 || 3 * kept >= 2 * total).toBe(true);
    }), seeded(300));
  });
});
