import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeRpc } from './describe.js';
import { METHODS } from './methods/table.js';

it('docs/json-rpc.md is what the method table says: `npm run docs:json-rpc` writes it anew', () => {
  const written = readFileSync(join(process.cwd(), 'docs', 'json-rpc.md'), 'utf8');
  expect(written).toBe(describeRpc());
  for (const name of METHODS.keys()) expect(written).toContain(`\`${name}`);
});
