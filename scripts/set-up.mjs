// Makes a fresh clone able to run: dependencies from the lock file, the compiled programs, the bundled node program.
// Runs with nothing installed beyond Node and npm; each part is skipped when what it would make is already there.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildNative } from './native.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Why this Node cannot run Stele, or undefined. 20.19 and 22.12 are the first that `require` ES modules. */
export function nodeVersionProblem(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
  return fits ? undefined : `Stele needs Node 20.19 or newer (22.12 or newer in line 22); this is ${version}. Install a newer Node and run the command again.`;
}

function fileHash(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Hash of everything that the build reads, so that an edit anywhere rebuilds and nothing else does. */
function sourceHash() {
  const hash = createHash('sha256');
  const visit = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (/\.(ts|mjs|json|sql|sol|c|h)$/.test(entry.name) && !entry.name.endsWith('.test.ts')) hash.update(path.slice(root.length)).update(readFileSync(path));
    }
  };
  for (const folder of ['apps', 'libs', 'migrations', 'scripts']) visit(join(root, folder));
  for (const file of ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json']) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function readStamp(path) {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
}

/** Runs a program to its end; its output is shown only when it fails, or when `STELE_VERBOSE` is set. */
async function run(label, command, args) {
  const verbose = process.env.STELE_VERBOSE !== undefined;
  const started = Date.now();
  process.stderr.write(`  ${label} …`);
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: process.env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output = (output + chunk).slice(-20_000);
      if (verbose) process.stderr.write(chunk);
    });
  }
  const dots = setInterval(() => process.stderr.write('.'), 3000);
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  }).finally(() => clearInterval(dots));
  if (code !== 0) {
    process.stderr.write(` failed\n${output}\n`);
    throw new Error(`${label} failed (exit ${code}); what it printed is above.`);
  }
  process.stderr.write(` ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

/** Installs and builds what is missing. */
export async function setUp() {
  const problem = nodeVersionProblem();
  if (problem !== undefined) throw new Error(problem);
  const lockStamp = join(root, 'node_modules', '.stele-lock');
  const lockHash = fileHash(join(root, 'package-lock.json'));
  if (readStamp(lockStamp) !== lockHash) {
    await run('installing dependencies from the lock file', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
    // The package that brings the node image's Node also links it as `node`, and npm would run every script with it.
    rmSync(join(root, 'node_modules', '.bin', 'node'), { force: true });
    writeFileSync(lockStamp, lockHash);
  }
  const buildStamp = join(root, 'dist', '.stele-build');
  const hash = sourceHash();
  if (readStamp(buildStamp) !== hash) {
    mkdirSync(join(root, 'dist'), { recursive: true });
    const { built, why } = await buildNative(root);
    process.stderr.write(`  native routines: ${built ? why : `not built, so npm's libraries serve; ${why}`}\n`);
    await run('compiling', process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json']);
    await run('bundling the ledger node', process.execPath, [join(root, 'scripts', 'bundle-node.mjs')]);
    writeFileSync(buildStamp, hash);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  setUp().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
