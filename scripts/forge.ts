import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Prng } from '../libs/ledger/sim/prng.js';
import { forge } from './forge/forgery.js';
import { allForgeries } from './forge/kinds.js';

const USAGE = `npm run forge -- [--mutations N] [--seed S]
  Alters true proofs (receipts, headers, certificates, changes of validators, tree paths, state proofs), N times (100000), and offers
  them to the verifiers. None may be accepted. The same seed alters the same things.`;

/** The exit code says whether something was accepted. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { mutations: { type: 'string', default: '100000' }, seed: { type: 'string', default: String(randomInt(2 ** 31)) }, help: { type: 'boolean', default: false } } });
  const [mutations, seed] = [Number(values.mutations), Number(values.seed)];
  if (values.help || !Number.isSafeInteger(mutations) || mutations < 1 || !Number.isSafeInteger(seed) || seed < 0) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  console.log(`seed ${seed}`);
  const began = performance.now();
  const report = forge(await allForgeries(), mutations, new Prng(seed), (done) => {
    if (done % 100_000 === 0) console.log(`  ${done} of ${mutations}, ${Math.round(done / ((performance.now() - began) / 1000))} a second`);
  });
  for (const [kind, count] of Object.entries(report.byKind)) console.log(`  ${kind.padEnd(26)} ${count}`);
  for (const { kind, attempt, what } of report.accepted.slice(0, 10)) console.log(`ACCEPTED (${kind}, attempt ${attempt}): ${what}`);
  console.log(`${report.attempts} mutations, ${report.accepted.length} accepted, ${report.harmless} more changed nothing`);
  return report.accepted.length > 0 ? 1 : 0;
}

void main().then((code) => {
  process.exitCode = code;
});
