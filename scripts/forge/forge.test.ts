import { randomInt } from 'node:crypto';
import { Prng } from '../../libs/ledger/sim/prng.js';
import { forge, type Forgery } from './forgery.js';
import { allForgeries } from './kinds.js';

const seed = process.env['STELE_SEED'] === undefined ? randomInt(2 ** 31) : Number(process.env['STELE_SEED']);
const MUTATIONS = 20_000;

it(`of ${MUTATIONS} altered proofs none is accepted (STELE_SEED=${seed})`, async () => {
  const report = forge(await allForgeries(), MUTATIONS, new Prng(seed));
  expect(report.accepted).toEqual([]);
  expect(report).toMatchObject({ attempts: MUTATIONS, refused: MUTATIONS });
  for (const count of Object.values(report.byKind)) expect(count).toBeGreaterThan(MUTATIONS / 100);
});

it('reports what is accepted, and a verifier that refuses the truth', () => {
  const careless: Forgery = { name: 'careless', weight: 1, acceptsTruth: () => true, attempt: (random) => (random.chance(0.5) ? 'refused' : { accepted: 'a lie' }) };
  const report = forge([careless], 100, new Prng(3));
  expect(report.accepted.length + report.refused).toBe(100);
  expect(report.accepted[0]).toMatchObject({ kind: 'careless', what: 'a lie' });
  expect(() => forge([{ ...careless, acceptsTruth: () => false }], 1, new Prng(3))).toThrow('the true proofs are refused');
});
