import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeBundle } from './bench/bundle.js';
import { testEnginesProblem } from './docker/test-engines.js';
import { ContainerChain } from './faults/container-chain.js';
import { runFaults } from './faults/fault-run.js';

const USAGE = `npm run faults -- [options]     four validators in containers, under load, disturbed by a seed (needs root and dockerd)
  --seed N       of the first run (default: by the clock); each further run has the next
  --seconds S    of disturbance in each run (default 120)
  --runs R       (default 1)`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seed: { type: 'string' }, seconds: { type: 'string', default: '120' }, runs: { type: 'string', default: '1' }, help: { type: 'boolean', short: 'h' } } });
  if (values.help === true) return void console.log(USAGE);
  const problem = testEnginesProblem();
  if (problem !== undefined) throw new Error(`Containers cannot be started here: ${problem}`);
  const first = Number(values.seed ?? Date.now() % 1_000_000);
  for (let run = 0; run < Number(values.runs); run++) {
    const seed = first + run;
    console.log(`seed ${seed}`);
    const chain = await ContainerChain.start(dirname(nodeBundle()));
    let report;
    try {
      report = await runFaults(chain, { seed, seconds: Number(values.seconds), say: (text) => console.log(`  ${text}`) });
    } finally {
      await chain.stop();
    }
    console.log(JSON.stringify(report));
    if (report.broken.length > 0) process.exitCode = 1;
  }
}

main().then(() => process.exit(), (error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
