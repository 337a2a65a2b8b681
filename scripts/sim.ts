import { parseArgs } from 'node:util';
import { LIES, MAX_NODES, simulate } from '../libs/ledger/sim/index.js';

const USAGE = `npm run sim -- [--seed N] [--runs M] [--nodes n] [--trace]
  Runs the consensus machine on virtual time: seeds N … N + M − 1, ${MAX_NODES} nodes at most (drawn from the seed unless given).
  --trace prints what happens. Faulty validators draw from: ${LIES.join(', ')}.`;

/** Prints the seed of every run in which an invariant failed; the exit code says whether one did. */
function main(): number {
  const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' }, runs: { type: 'string', default: '100' }, nodes: { type: 'string' }, trace: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } });
  const [seed, runs, nodes] = [Number(values.seed), Number(values.runs), values.nodes === undefined ? undefined : Number(values.nodes)];
  const wrong = !Number.isSafeInteger(seed) || seed < 0 || !Number.isSafeInteger(runs) || runs < 1 || (nodes !== undefined && !(Number.isInteger(nodes) && nodes >= 1 && nodes <= MAX_NODES));
  if (values.help || wrong) {
    console.log(USAGE);
    return wrong ? 2 : 0;
  }
  const began = performance.now();
  let [failed, heights, events] = [0, 0, 0];
  for (let i = 0; i < runs; i++) {
    const result = simulate(seed + i, { nodes, onTrace: values.trace ? (line) => console.log(line) : undefined });
    heights += result.heights;
    events += result.events;
    if (result.failure === null && runs > 1) continue;
    if (result.failure !== null) failed += 1;
    const { plan } = result;
    console.log(`seed ${result.seed}: ${result.failure ?? 'ok'} (${plan.faultModel}, ${result.nodes} nodes, ${plan.liars.size} faulty, ${result.heights} heights, ${result.virtualMs} ms, trace ${result.traceHash})`);
    if (result.failure !== null) console.log(`  again: npm run sim -- --seed ${result.seed} --runs 1${nodes === undefined ? '' : ` --nodes ${nodes}`} --trace`);
  }
  const seconds = (performance.now() - began) / 1000;
  console.log(`${runs} runs, ${failed} failed; ${heights} heights, ${events} events, ${seconds.toFixed(1)} s, ${(runs / seconds).toFixed(1)} runs a second`);
  return failed > 0 ? 1 : 0;
}

process.exitCode = main();
