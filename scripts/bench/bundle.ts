import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The node's program, up from here: this file runs from dist/scripts. @throws Error where it was not built. */
export function nodeBundle(): string {
  for (let folder = __dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'dist', 'node', 'stele-node.cjs');
    if (existsSync(path)) return path;
  }
  throw new Error('There is no dist/node/stele-node.cjs: run `npm run build` first.');
}
