/** `npm run contracts`: compiles contracts/*.sol and writes the artifacts, the code that genesis puts on a chain, and the ABIs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileSystemContracts } from './contracts/compile.js';

for (const [path, content] of compileSystemContracts(process.cwd())) {
  writeFileSync(join(process.cwd(), path), content);
  process.stdout.write(`${path} is written\n`);
}
