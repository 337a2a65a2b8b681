// Makes dist/node/: the ledger node as one file, stele-node.cjs, with the native addons that it requires beside it. Nothing
// else is needed to run it but Node and the C library: this folder is what goes into the node image. `[FOLDER]` makes it elsewhere.
import { build } from 'esbuild';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const outFolder = resolve(process.argv[2] ?? join(root, 'dist', 'node'));
const require = createRequire(join(root, 'package.json'));
const packageFolder = (name) => require.resolve.paths(name).map((folder) => join(folder, name)).find((folder) => existsSync(join(folder, 'package.json')));

/** The addon that a package would load here; the N-API build where there are several, as it fits every version of Node. */
function addonOf(name) {
  const folder = packageFolder(name);
  if (name === 'secp256k1') return createRequire(join(folder, 'package.json'))('node-gyp-build').path(folder);
  if (name === 'lmdb') {
    const found = createRequire(join(folder, 'package.json'))('node-gyp-build-optional-packages').path(folder);
    const libc = found.includes('musl') ? 'musl' : 'glibc';
    return [`node.napi.${libc}.node`, 'node.napi.node'].map((file) => join(dirname(found), file)).find(existsSync) ?? found;
  }
  const platform = `${process.platform}-${process.arch}`;
  const found = join(folder, 'prebuilds', platform, `${name}.node`);
  if (!existsSync(found)) throw new Error(`${name} ships no addon for ${platform}`);
  return found;
}

const ADDONS = ['secp256k1', 'lmdb', 'sodium-native'];

/** Loaders that search for an addon at run time become a plain require of the one that is shipped. */
const addons = {
  name: 'addons',
  setup(context) {
    const packageOf = (path) => ADDONS.find((name) => path.includes(join('node_modules', name) + '/') || path.includes(join('node_modules', name) + '\\'));
    context.onResolve({ filter: /^node-gyp-build(-optional-packages)?$/ }, ({ importer }) => {
      const name = packageOf(importer);
      if (name === undefined) throw new Error(`${importer} loads an addon that is not known here`);
      return { path: name, namespace: 'addon-loader' };
    });
    context.onLoad({ filter: /.*/, namespace: 'addon-loader' }, ({ path }) => ({ contents: `module.exports = () => require('./${path}.node');`, resolveDir: root }));
    context.onLoad({ filter: /sodium-native[\\/]binding\.js$/ }, () => ({ contents: `module.exports = require('./sodium-native.node');`, resolveDir: root }));
    context.onResolve({ filter: /^\.\/[a-z0-9-]+\.node$/ }, ({ path }) => ({ path, external: true }));
    // Only speeds up an encoding of LMDB values that the node does not use.
    context.onResolve({ filter: /^msgpackr-extract$/ }, () => ({ path: 'msgpackr-extract', namespace: 'absent' }));
    context.onLoad({ filter: /.*/, namespace: 'absent' }, ({ path }) => ({ contents: `throw new Error('${path} is not part of this program');` }));
  },
};

rmSync(outFolder, { recursive: true, force: true });
mkdirSync(outFolder, { recursive: true });
await build({
  entryPoints: [join(root, 'apps', 'node', 'src', 'main.ts')],
  outfile: join(outFolder, 'stele-node.cjs'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  conditions: ['stele:src'],
  tsconfig: join(root, 'tsconfig.json'),
  define: { STELE_VERSION: JSON.stringify(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version), 'import.meta.url': '__fileUrl' },
  // Some libraries ask an ES module where they are; in here that is where this file is.
  banner: { js: "const __fileUrl = require('node:url').pathToFileURL(__filename).href;" },
  minifySyntax: true,
  legalComments: 'eof',
  logLevel: 'warning',
  plugins: [addons],
});
for (const name of ADDONS) copyFileSync(addonOf(name), join(outFolder, `${name}.node`));
// The optional native routines and the library that they link, where they were built.
const nativeFolder = join(root, 'dist', 'native');
if (existsSync(nativeFolder)) for (const name of readdirSync(nativeFolder)) copyFileSync(join(nativeFolder, name), join(outFolder, name));
process.stdout.write(`${outFolder}: ${readdirSync(outFolder).join(', ')}\n`);
