import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runDemo } from './demo/run.js';

const USAGE = `npm run demo [-- --keep] [-- --json]
  --keep   leave the platform and the chain running, and print how to reach them (Ctrl-C ends them)
  --json   end with one line of JSON on standard output`;

async function main(): Promise<void> {
  let options: { keep?: boolean; json?: boolean; help?: boolean };
  try {
    options = parseArgs({ options: { keep: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  if (options.help === true) {
    console.log(USAGE);
    return;
  }
  const home = mkdtempSync(join(process.env['STELE_DEMO_FOLDER'] ?? tmpdir(), 'stele-demo-'));
  process.once('exit', () => rmSync(home, { recursive: true, force: true }));
  try {
    const figures = await runDemo({ home, keep: options.keep === true });
    if (options.json === true) console.log(JSON.stringify(figures));
  } catch (error) {
    // Where it was interrupted, `runDemo` never comes back: the process ends when everything is removed.
    console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
    if (process.env['STELE_VERBOSE'] !== undefined && error instanceof Error) console.error(error.stack);
    process.exitCode = 1;
  }
}

void main().then(() => process.exit());
