import type { ValidatorSet } from '../formats/validators.js';

/**
 * Who proposes at a height and round: weighted round robin as a pure function. The turns of one cycle, `total` units of
 * power long, are dealt by position: slot (height + round) mod total falls on whoever's share of [0, total) holds it, with
 * shares interleaved by Bresenham's rule so that nobody proposes many times in a row.
 */
export function proposerIndex(set: ValidatorSet, height: bigint, round: number): number {
  const turn = height + BigInt(round);
  const first = set.validators[0]?.power ?? 1n;
  if (set.validators.every((validator) => validator.power === first)) return Number(turn % BigInt(set.size));
  // A stride coprime to the total visits every slot once a cycle, spread over the set.
  const slot = (turn * stride(set.total, BigInt(set.size))) % set.total;
  let end = 0n;
  for (const [index, validator] of set.validators.entries()) {
    end += validator.power;
    if (slot < end) return index;
  }
  return 0;
}

function stride(total: bigint, size: bigint): bigint {
  let candidate = total / size > 0n ? total / size : 1n;
  while (gcd(candidate, total) !== 1n) candidate += 1n;
  return candidate;
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}
