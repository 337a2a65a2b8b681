/** `npm run conformance -- FOLDER`: the public GeneralStateTests through this program's executor and store. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runConformance } from '../libs/evm/conformance/run.js';

const USAGE = `npm run conformance -- FOLDER [--without TEXT …] [--json]

Runs state tests in the format of ethereum/tests (GeneralStateTests) with Ethereum's own fees and prices, each on a store of its own,
and compares the standard state root and the logs. Ends with 1 where a case fails or none was found.
--without leaves out tests with this in their name, and says so: CALLBlake2f_MaxRounds alone takes half an hour, loopMul minutes.
`;
const SHOWN_FAILURES = 200;
const TELL_EVERY = 1000;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean', default: false }, without: { type: 'string', multiple: true, default: [] }, help: { type: 'boolean', short: 'h', default: false } } });
  const [folder] = positionals;
  if (values.help || folder === undefined || positionals.length > 1) {
    process.stderr.write(USAGE);
    return values.help ? 0 : 2;
  }
  if (!existsSync(folder)) {
    process.stderr.write(`there is no folder ${folder}\n`);
    return 2;
  }
  const beganMs = performance.now();
  let told = 0;
  let shown = 0;
  const { tests, passed, failed, skipped } = await runConformance(folder, (so) => {
    for (; shown < Math.min(so.failed.length, SHOWN_FAILURES); shown++) process.stdout.write(`failed: ${so.failed[shown]?.name ?? ''}: ${so.failed[shown]?.fault ?? ''}\n`);
    const done = so.passed + so.failed.length;
    if (done - told < TELL_EVERY) return;
    told = done;
    process.stderr.write(`  ${done} cases\n`);
  }, values.without);
  if (failed.length > SHOWN_FAILURES) process.stdout.write(`… and ${failed.length - SHOWN_FAILURES} more\n`);
  for (const { name, reason } of skipped) process.stdout.write(`skipped: ${name}: ${reason}\n`);
  const seconds = Math.round((performance.now() - beganMs) / 1000);
  process.stdout.write(`${tests} tests in ${seconds} s: ${passed} cases passed, ${failed.length} failed, ${skipped.length} skipped\n`);
  if (values.json) process.stdout.write(`${JSON.stringify({ tests, passed, failed: failed.length, skipped: skipped.length, seconds })}\n`);
  if (passed + failed.length === 0) process.stderr.write('no case was found: is this the folder of the tests?\n');
  return failed.length > 0 || passed === 0 ? 1 : 0;
}

void main().then((code) => process.exit(code));
