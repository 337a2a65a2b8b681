import { parseArgs } from 'node:util';
import { hunt } from '../libs/ledger/sim/mutants/hunt.js';
import { MUTANTS } from '../libs/ledger/sim/mutants/catalog.js';

const USAGE = `npm run sim:mutants -- [--seed N] [--runs M] [--only TEXT,…]
  Plants each of ${MUTANTS.length} bugs in the ledger, one at a time, and runs seeds N … N + M − 1 (1 … 1000) until an invariant fails.
  A bug that survives means that the simulator is weak. --only: bugs whose name holds one of the texts.`;

/** Prints for each bug how many seeds it took; the exit code says whether one survived. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' }, runs: { type: 'string', default: '1000' }, only: { type: 'string', default: '' }, help: { type: 'boolean', default: false } } });
  const [seed, runs] = [Number(values.seed), Number(values.runs)];
  if (values.help || !Number.isSafeInteger(seed) || seed < 0 || !Number.isSafeInteger(runs) || runs < 1) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const survivors: string[] = [];
  const texts = values.only.split(',');
  const mutants = MUTANTS.filter(({ name }) => texts.some((text) => name.includes(text)));
  for (const mutant of mutants) {
    const caught = await hunt(mutant, seed, runs);
    if (caught.runs === null) survivors.push(mutant.name);
    const how = caught.runs === null ? `SURVIVED ${runs} seeds` : `${String(caught.runs).padStart(4)} seeds  ${(caught.failure ?? '').split('\n')[0]?.slice(0, 110)}`;
    console.log(`${mutant.name.padEnd(62)} ${how}  (${caught.seconds.toFixed(1)} s)`);
  }
  console.log(`${mutants.length} bugs planted, ${mutants.length - survivors.length} caught within ${runs} seeds${survivors.length > 0 ? `; survived: ${survivors.join('; ')}` : ''}`);
  return survivors.length > 0 ? 1 : 0;
}

void main().then((code) => {
  process.exitCode = code;
});
