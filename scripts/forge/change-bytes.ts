import type { Bytes } from '#ledger';
import type { Prng } from '../../libs/ledger/sim/prng.js';

/** One byte array, altered in one way; never the same bytes. */
export function changeBytes(random: Prng, bytes: Bytes): Bytes {
  for (;;) {
    const changed = alter(random, bytes);
    if (changed.length !== bytes.length || changed.some((byte, i) => byte !== bytes[i])) return changed;
  }
}

function alter(random: Prng, bytes: Bytes): Bytes {
  const at = random.below(bytes.length + 1);
  const changed = bytes.slice();
  switch (bytes.length === 0 ? 3 : random.below(8)) {
    case 0:
    case 1:
      changed[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return changed;
    case 2:
      changed[at] = random.below(256);
      return changed;
    case 3:
      return Uint8Array.of(...bytes.subarray(0, at), random.below(256), ...bytes.subarray(at));
    case 4:
      return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at + 1));
    case 5:
      return bytes.slice(0, at);
    case 6: {
      // One stretch over another, as where fields of one length change places.
      const length = random.pick([4, 8, 32, 64]);
      changed.set(bytes.subarray(at, at + length), Math.min(random.below(bytes.length), Math.max(0, bytes.length - length)));
      return changed.slice(0, bytes.length);
    }
    default: {
      changed.fill(random.pick([0, 0xff]), at, at + random.pick([1, 8, 32]));
      return changed;
    }
  }
}

/** A list altered in one way: an item changed, left out, doubled, moved, or a strange one put in. */
export function changeList<T>(random: Prng, list: readonly T[], change: (item: T) => T, strange: () => T): T[] {
  const at = random.below(Math.max(1, list.length));
  const item = list[at];
  if (item === undefined) return [strange()];
  switch (random.below(6)) {
    case 0:
      return list.filter((_, i) => i !== at);
    case 1:
      return [...list.slice(0, at), item, ...list.slice(at)];
    case 2:
      return [...list.slice(0, at), ...list.slice(at + 1), item];
    case 3:
      return [...list.slice(0, at), strange(), ...list.slice(at)];
    default:
      return list.map((other, i) => (i === at ? change(other) : other));
  }
}

export function randomBytes(random: Prng, length: number): Bytes {
  return Uint8Array.from({ length }, () => random.below(256));
}
