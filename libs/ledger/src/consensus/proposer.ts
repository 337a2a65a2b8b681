import type { ValidatorSet } from '../formats/validators.js';

/** The golden ratio's fraction in 10^12ths: its multiples spread evenly at every scale, so nobody proposes many times in a row. */
const GOLDEN = 618_033_988_749n;
const GOLDEN_SCALE = 1_000_000_000_000n;

/**
 * Rule 1: who proposes at a height and round, a pure function. Each turn is a slot of [0, total); a validator holds as many
 * slots as it has power. The stride is coprime to the total, so that `total` turns visit each slot once.
 */
export function proposerIndex(set: ValidatorSet, height: bigint, round: number): number {
  const turn = height + BigInt(round);
  const first = set.validators[0]?.power;
  if (set.validators.every((validator) => validator.power === first)) return Number(turn % BigInt(set.size));
  const slot = (turn * stride(set.total)) % set.total;
  let end = 0n;
  for (const [index, validator] of set.validators.entries()) {
    end += validator.power;
    if (slot < end) return index;
  }
  throw new Error('a slot below the total power belongs to somebody');
}

function stride(total: bigint): bigint {
  const golden = (total * GOLDEN) / GOLDEN_SCALE;
  let candidate = golden > 0n ? golden : 1n;
  while (gcd(candidate, total) !== 1n) candidate += 1n;
  return candidate;
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}
