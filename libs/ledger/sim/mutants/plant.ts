import { build } from 'esbuild';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as Simulator from '../index.js';
import type { Mutant } from './mutant.js';

/** The folder of libs/ledger's sources, from the sources or from the compiled program. */
const LEDGER = join(repository(__dirname), 'libs', 'ledger');

function repository(from: string): string {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) if (existsSync(join(folder, 'package.json'))) return folder;
  throw new Error('the mutants are planted in the sources, which are not here');
}

/** @throws Error where the piece to change is not there, or more than once: the mutant must follow the source. */
export function mutate(mutant: Mutant, source = readFileSync(join(LEDGER, mutant.file), 'utf8')): string {
  const places = source.split(mutant.find).length - 1;
  if (places !== 1) throw new Error(`${mutant.name}: ${mutant.file} holds the piece to change ${places} times`);
  return source.replace(mutant.find, () => mutant.replace);
}

/** The simulator as one program, with this bug planted; with null from the sources as they are. */
export async function buildSimulator(mutant: Mutant | null): Promise<string> {
  const changed = mutant === null ? '' : join(LEDGER, mutant.file);
  const built = await build({
    entryPoints: [join(LEDGER, 'sim', 'index.ts')], bundle: true, write: false, platform: 'node', format: 'cjs', target: 'node20', external: ['sodium-native'], logLevel: 'silent',
    plugins: mutant === null ? [] : [{ name: 'plant', setup: (plugins) => plugins.onLoad({ filter: /\.ts$/ }, ({ path }) => (path === changed ? { contents: mutate(mutant), loader: 'ts' } : undefined)) }],
  });
  const code = built.outputFiles[0]?.text;
  if (code === undefined) throw new Error('nothing was built');
  return code;
}

/** A simulator of its own, in this process. */
export async function plant(mutant: Mutant | null): Promise<typeof Simulator> {
  const path = join(LEDGER, 'sim', 'planted.cjs');
  const module = { exports: {} };
  const run = new Function('exports', 'require', 'module', '__filename', '__dirname', await buildSimulator(mutant)) as (...parts: unknown[]) => void;
  run(module.exports, createRequire(path), module, path, dirname(path));
  return module.exports as typeof Simulator;
}
