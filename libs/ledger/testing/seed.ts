import { randomInt } from 'node:crypto';
import fc from 'fast-check';

/** Options of a property: a new seed each run, or STELE_SEED. fast-check prints it, with the path, when a property fails. */
export function seeded(numRuns: number): fc.Parameters<unknown> {
  const given = process.env['STELE_SEED'];
  return { numRuns, seed: given === undefined ? randomInt(2 ** 31) : Number(given), verbose: 1 };
}
