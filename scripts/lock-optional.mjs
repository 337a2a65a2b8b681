// Completes package-lock.json with the optional packages of other platforms.
//
// A registry that does not carry the builds of every platform makes npm leave them out of the lock; `npm ci` then refuses
// the lock on that ground ("Missing: … from lock file"). This adds, for every unlisted name in `optionalDependencies`, an
// entry with version, os and cpu. Run it after any change of dependencies; `--check` only tells (CI does that). A lock of another place
// is named as an argument.
import { readFileSync, writeFileSync } from 'node:fs';

const path = process.argv.slice(2).find((argument) => !argument.startsWith('--')) ?? new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));

/** The operating system and processor that a platform package's name states, e.g. `@swc/core-linux-arm64-musl`. */
function platformOf(name) {
  const os = /(darwin|win32|windows|linux|freebsd|openbsd|netbsd|android|aix|sunos|openharmony|wasi)/.exec(name)?.[1];
  const cpu = /(arm64|x64|ia32|riscv64|s390x|ppc64le|ppc64|loong64|loongarch64|mips64el|arm|wasm32)(?![a-z0-9]*64)/.exec(name)?.[1];
  const libc = /musl/.test(name) ? 'musl' : /gnu/.test(name) ? 'glibc' : undefined;
  return {
    ...(os ? { os: [os === 'windows' ? 'win32' : os] } : {}),
    ...(cpu ? { cpu: [cpu === 'ppc64le' ? 'ppc64' : cpu] } : {}),
    ...(libc ? { libc: [libc] } : {}),
  };
}

/** The exact version that a range such as `1.2.3` or `^1.2.3` names at least. */
const atLeast = (range) => /\d+\.\d+\.\d+[\w.+-]*/.exec(range)?.[0];

const added = [];
for (const [where, entry] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = where === '' ? `node_modules/${name}` : `${where}/node_modules/${name}`;
    const root = `node_modules/${name}`;
    const version = atLeast(range);
    if (version === undefined || lock.packages[nested] !== undefined) continue;
    const atRoot = lock.packages[root];
    if (atRoot !== undefined && (atRoot.version === version || !/^\d/.test(range))) continue;
    const place = atRoot === undefined ? root : nested;
    lock.packages[place] = { version, ...platformOf(name), ...(entry.dev ? { dev: true } : {}), optional: true };
    added.push(`${place}@${version}`);
  }
}

if (process.argv.includes('--check')) {
  if (added.length > 0) {
    console.error(`package-lock.json lacks ${added.length} optional packages (${added[0]}, …): run node scripts/lock-optional.mjs and commit the lock.`);
    process.exit(1);
  }
  if (JSON.stringify(lock).includes('"resolved"')) {
    console.error('package-lock.json names download addresses: set omit-lockfile-registry-resolved=true in .npmrc and write the lock again.');
    process.exit(1);
  }
} else {
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`added ${added.length}`);
}
