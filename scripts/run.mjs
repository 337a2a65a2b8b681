// `node scripts/run.mjs NAME [arguments]`: sets up what is missing, then runs dist/scripts/NAME.js in this process, so that signals and
// the terminal reach it directly; package.json's scripts `exec` it for the same reason: npm tells only its shell of a signal.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, setUp } from './set-up.mjs';

const [name, ...rest] = process.argv.slice(2);
if (name === undefined || !/^[a-z][a-z-]*$/.test(name) || !existsSync(join(root, 'scripts', `${name}.ts`))) {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const commands = Object.entries(scripts).filter(([, line]) => line.includes('node scripts/run.mjs ')).map(([command]) => command);
  console.error(`${name === undefined ? 'Which command?' : `There is no command "${name}".`} There are: ${commands.map((command) => `npm run ${command}`).join(', ')}; and npm test.`);
  process.exit(2);
}
try {
  await setUp();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
const program = join(root, 'dist', 'scripts', `${name}.js`);
process.argv = [process.argv[0], program, ...rest];
await import(pathToFileURL(program).href);
