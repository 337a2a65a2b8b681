import { fromHex, to0x } from '#ledger';
import type { Prng } from '../../libs/ledger/sim/prng.js';
import { changeBytes, changeList, randomBytes } from './change-bytes.js';

/**
 * One thing altered somewhere in a JSON document. Half of the time a value is replaced by the one that another true document has at
 * the same place: forgers have true documents to cut from.
 */
export function changeJson(random: Prng, value: unknown, other: unknown): unknown {
  if (typeof value === 'string') return random.chance(0.2) && typeof other === 'string' ? other : changeText(random, value);
  if (typeof value === 'number') return random.pick([value + 1, value - 1, value + 2 ** 32, random.below(2 ** 32), -value - 1, value + 0.5]);
  if (value === null) return random.pick([`0x${'00'.repeat(20)}`, 0, {}, '']);
  if (Array.isArray(value)) return changeItems(random, value, Array.isArray(other) ? other : []);
  if (typeof value !== 'object') return null;
  const object = value as Record<string, unknown>;
  const theirs = (other !== null && typeof other === 'object' ? other : {}) as Record<string, unknown>;
  const key = random.pick(Object.keys(object));
  if (random.chance(0.02)) return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
  if (random.chance(0.15) && theirs[key] !== undefined) return { ...object, [key]: theirs[key] };
  return { ...object, [key]: changeJson(random, object[key], theirs[key]) };
}

function changeItems(random: Prng, list: readonly unknown[], others: readonly unknown[]): unknown[] {
  const strange = (): unknown => (others.length > 0 ? random.pick(others) : to0x(randomBytes(random, 32)));
  return changeList(random, list, (item) => changeJson(random, item, others[list.indexOf(item)]), strange);
}

function changeText(random: Prng, text: string): string {
  if (/^0x([0-9a-f]{2})*$/.test(text)) return to0x(changeBytes(random, fromHex(text)));
  if (/^[0-9]+$/.test(text)) return random.pick([(BigInt(text) + 1n).toString(), `0${text}`, `${text}0`, '', '18446744073709551616', `-${text}`]);
  return random.pick(['', `${text} `, text.toUpperCase(), 'CFT', 'BFT', 'stele-receipt']);
}
