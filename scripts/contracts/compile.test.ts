import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileSystemContracts } from './compile.js';

const root = join(__dirname, '..', '..');

test('what is committed is what the sources compile to, byte for byte', () => {
  const files = compileSystemContracts(root);
  expect([...files.keys()]).toHaveLength(4);
  for (const [path, content] of files) {
    if (readFileSync(join(root, path), 'utf8') !== content) throw new Error(`${path} is not what contracts/*.sol give: run npm run contracts`);
  }
});
