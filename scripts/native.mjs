// Builds the optional native routines (libs/ledger/native) into dist/native/, where a C compiler and libsecp256k1 are at hand.
// Without them Stele runs on npm's libraries: the same results, a third slower under load. Answers which, for the set-up to print.
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ADDON = 'stele-native.node';
const DOWNLOAD_TIMEOUT_MS = 60_000;

async function works(command, args) {
  return run(command, args).then(() => true, () => false);
}

async function compiler() {
  for (const name of [process.env.CC, 'cc', 'gcc', 'clang'].filter((one) => one !== undefined && one !== '')) if (await works(name, ['--version'])) return name;
  return undefined;
}

/** Headers and library: installed ones, or on Debian its packages, unpacked into a folder and not installed. */
async function secp256k1(scratch) {
  if (await works('pkg-config', ['--exists', 'libsecp256k1'])) {
    const flag = async (...args) => (await run('pkg-config', [...args, 'libsecp256k1'])).stdout.trim();
    const folder = await flag('--variable=libdir');
    const include = await flag('--variable=includedir');
    if (existsSync(join(include, 'secp256k1_recovery.h'))) return { include, library: join(folder, 'libsecp256k1.so') };
  }
  if (process.platform !== 'linux' || !(await works('apt-get', ['--version'])) || !(await works('dpkg', ['--version']))) return undefined;
  const options = { cwd: scratch, timeout: DOWNLOAD_TIMEOUT_MS };
  try {
    await run('apt-get', ['download', '-qq', 'libsecp256k1-dev'], options);
    const { stdout } = await run('dpkg-deb', ['-f', onlyDeb(scratch, 'libsecp256k1-dev'), 'Depends'], options);
    const runtime = /libsecp256k1-\d+/.exec(stdout)?.[0];
    if (runtime === undefined) return undefined;
    await run('apt-get', ['download', '-qq', runtime], options);
    for (const name of ['libsecp256k1-dev', runtime]) await run('dpkg', ['-x', onlyDeb(scratch, name), 'root'], options);
  } catch {
    return undefined; // No network, no package lists, another distribution: then there is none.
  }
  const folder = join(scratch, 'root', 'usr', 'lib', readdirSync(join(scratch, 'root', 'usr', 'lib')).find((name) => name.includes('-linux-')) ?? '.');
  return { include: join(scratch, 'root', 'usr', 'include'), library: join(folder, 'libsecp256k1.so') };
}

function onlyDeb(folder, name) {
  return join(folder, readdirSync(folder).find((file) => file.startsWith(`${name}_`)) ?? name);
}

/** Builds, or says why not. Never throws: nothing depends on it but speed. */
export async function buildNative(root) {
  const target = join(root, 'dist', 'native');
  const cc = await compiler();
  if (cc === undefined) return { built: false, why: 'no C compiler is here (on Debian: apt-get install gcc libc6-dev libsecp256k1-dev, then npm run build)' };
  const scratch = mkdtempSync(join(tmpdir(), 'stele-native-'));
  try {
    const secp = await secp256k1(scratch);
    if (secp === undefined) return { built: false, why: 'libsecp256k1 is not here (on Debian: apt-get install libsecp256k1-dev, then npm run build)' };
    const library = realpathSync(secp.library);
    // Linked by the name that it gives itself, and shipped beside the addon: so it runs in the node image as well.
    const soname = /SONAME\s+(\S+)/.exec((await run('objdump', ['-p', library])).stdout)?.[1] ?? 'libsecp256k1.so';
    mkdirSync(target, { recursive: true });
    const headers = join(root, 'node_modules', 'node-api-headers', 'include');
    const out = join(scratch, ADDON);
    await run(cc, ['-O3', '-fPIC', '-shared', '-fvisibility=hidden', '-Wall', '-Wextra', '-Werror', `-I${headers}`, `-I${secp.include}`, join(root, 'libs', 'ledger', 'native', 'stele-native.c'), library, '-Wl,-rpath,$ORIGIN', '-o', out]);
    for (const [from, name] of [[library, soname], [out, ADDON]]) {
      copyFileSync(from, join(target, `${name}.new`));
      renameSync(join(target, `${name}.new`), join(target, name));
    }
    await run(process.execPath, ['-e', `require(${JSON.stringify(join(target, ADDON))}).begin(new Uint8Array(512))`]);
    return { built: true, why: 'built with the C compiler and libsecp256k1 of this machine' };
  } catch (error) {
    rmSync(join(target, ADDON), { force: true });
    return { built: false, why: `the compiler refused: ${String(error?.stderr ?? error?.message ?? error).split('\n')[0]}` };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === realpathSync(new URL(import.meta.url).pathname)) {
  const { built, why } = await buildNative(dirname(dirname(realpathSync(new URL(import.meta.url).pathname))));
  console.log(built ? `native routines: ${why}` : `native routines: not built, ${why}`);
}
