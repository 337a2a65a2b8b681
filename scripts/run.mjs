// `node scripts/run.mjs NAME [arguments]`: sets up what is missing, then runs dist/scripts/NAME.js in this process, so
// that signals and the terminal reach it directly.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, setUp } from './set-up.mjs';

const [name, ...rest] = process.argv.slice(2);
try {
  await setUp();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
const program = join(root, 'dist', 'scripts', `${name}.js`);
process.argv = [process.argv[0], program, ...rest];
await import(pathToFileURL(program).href);
