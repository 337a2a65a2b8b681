import { Worker } from 'node:worker_threads';
import { buildSimulator } from '../mutants/plant.js';

const SEEDS_A_CASE = 125;
/** Runs leave much garbage that dies young: room for it saves a sixth of the time. */
const YOUNG_MB = 64;
/** In a thread of its own, outside of the test runner's sandbox, in which it is ten times slower. */
const PROGRAM = `
const { parentPort } = require('node:worker_threads');
parentPort.on('message', ({ from, count }) => {
  const failures = [];
  for (let seed = from; seed < from + count; seed++) {
    const { failure } = module.exports.simulate(seed);
    if (failure !== null) failures.push('seed ' + seed + ': ' + failure + ' (again: npm run sim -- --seed ' + seed + ' --runs 1 --trace)');
  }
  parentPort.postMessage(failures);
});`;

/** Test cases that run a range of seeds. `SIM_SEED` moves all ranges. */
export function runSeeds(from: number, count: number): void {
  const first = from + Number(process.env['SIM_SEED'] ?? '0');
  const starts = Array.from({ length: count / SEEDS_A_CASE }, (_, i) => first + i * SEEDS_A_CASE);
  let worker: Worker;
  beforeAll(async () => {
    worker = new Worker((await buildSimulator(null)) + PROGRAM, { eval: true, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
  });
  afterAll(() => worker.terminate());

  it.each(starts)(`every invariant holds for ${SEEDS_A_CASE} seeds from %d`, async (start) => {
    const failures = await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.postMessage({ from: start, count: SEEDS_A_CASE });
    });
    expect(failures).toEqual([]);
  });
}
