import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const ROOT = join(__dirname, '..', '..', '..');

/** The program of an execution thread, made from source; below this folder tree, so that its packages are found. */
export function buildExecutionFile(name: string): { file: string; remove(): void } {
  const folder = join(ROOT, 'dist', 'testing');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}-${process.pid}.cjs`);
  buildSync({
    entryPoints: [join(ROOT, 'libs', 'evm', 'testing', 'execution-entry.ts')], outfile: file, bundle: true, platform: 'node', target: 'node20', format: 'cjs',
    packages: 'external', conditions: ['stele:src'], tsconfig: join(ROOT, 'tsconfig.json'), logLevel: 'error',
  });
  return { file, remove: () => rmSync(file, { force: true }) };
}
