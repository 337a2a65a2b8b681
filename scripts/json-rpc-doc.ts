/** `npm run docs:json-rpc`: writes docs/json-rpc.md from the method table. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeRpc } from '../apps/node/src/rpc/describe.js';

const path = join(process.cwd(), 'docs', 'json-rpc.md');
writeFileSync(path, describeRpc());
process.stdout.write(`${path} is written\n`);
