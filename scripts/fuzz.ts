/** `npm run fuzz`: see USAGE. */
import { parseArgs } from 'node:util';
import { fuzzPeer } from '../apps/node/src/peer/testing/peer-fuzz.js';
import { randomOf } from '../libs/evm/testing/random.js';

const USAGE = `npm run fuzz -- [--inputs N] [--seed S] [--json]
  Feeds one node N (100,000) frames of lying validators: sound ones, changed ones, noise. It must neither end nor grow, and still serve honest peers.`;
const MIB = 2 ** 20;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { inputs: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' }, json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } } });
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  const [inputs, seed] = [Number(values.inputs), Number(values.seed)];
  if (!(Number.isInteger(inputs) && inputs > 0 && Number.isInteger(seed))) throw new Error('--inputs and --seed must be whole numbers, --inputs above 0');
  const began = performance.now();
  let mostMb = 0;
  const watch = setInterval(() => (mostMb = Math.max(mostMb, Math.round(process.memoryUsage.rss() / MIB))), 500);
  const report = await fuzzPeer(inputs, randomOf(seed), (done) => console.error(`  ${done} inputs, ${Math.round(process.memoryUsage.rss() / MIB)} MiB`));
  clearInterval(watch);
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`seed ${seed}: ${inputs} inputs in ${seconds} s, ${report.closed} connections ended for them, at most ${mostMb} MiB; the node ${report.fatal.length > 0 ? `ENDED: ${report.fatal[0]}` : report.answers ? 'went on and serves honest peers' : 'NO LONGER ANSWERS'}`);
  if (values.json) console.log(JSON.stringify({ ...report, seed, seconds, mostMb }));
  return report.fatal.length === 0 && report.answers ? 0 : 1;
}

main().then((code) => process.exit(code), (error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
