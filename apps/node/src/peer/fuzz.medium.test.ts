import { randomOf, SEED } from '../../../../libs/evm/testing/random.js';
import { fuzzPeer } from './testing/peer-fuzz.js';

jest.setTimeout(120_000);

// `npm run fuzz` goes on for a million.
test(`four thousand inputs of lying peers end nothing, and honest ones are served after them (STELE_SEED=${SEED})`, async () => {
  const report = await fuzzPeer(4000, randomOf(SEED));
  expect(report).toMatchObject({ inputs: 4000, fatal: [], answers: true });
  // Noise must not pass for frames, nor everything for noise.
  expect(report.closed).toBeGreaterThan(500);
  expect(report.closed).toBeLessThan(3900);
});
