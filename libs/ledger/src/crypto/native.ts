import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What libs/ledger/native/stele-native.c gives. Outputs go to the scratch array that `begin` was given, at the places below. */
interface Addon {
  begin(scratch: Uint8Array): void;
  keccak256(bytes: Uint8Array): void;
  sha256(bytes: Uint8Array, length: number): void;
  recover(digest: Uint8Array): boolean;
  sender(raw: Uint8Array, from: number, to: number): boolean;
  merkleRoot(leaves: readonly Uint8Array[]): void;
  /** SHA-256 of `00 | key | value` and of `01 | bit | left | right`, all as latin1 text: for the state tree. */
  leafText(key: string, value: string): string;
  innerText(bit: number, left: string, right: string): string;
  /** The state's tree in memory (libs/ledger/native/state-tree.h); nodes are named by numbers, 0 is the empty tree. `load` gives a stored page, or throws. */
  treeNew(): NativeTreeHandle;
  /** What its nodes take. */
  treeBytes(tree: NativeTreeHandle): number;
  treeRoot(tree: NativeTreeHandle, hash: Uint8Array, height: number, index: number, load: LoadPage): number;
  /** Bytes of the value, which goes to the scratch array; −1 where there is none. */
  treeFind(tree: NativeTreeHandle, root: number, key: Uint8Array, load: LoadPage): number;
  /** Keys ascending, values one after another, the length of each (−1 removes its key). Hash and numbers go to the scratch array. */
  treeUpdate(tree: NativeTreeHandle, root: number, keys: Uint8Array, values: Uint8Array, lengths: Int32Array, height: number, load: LoadPage): number;
  /** The pages of the last update's new nodes, one after another, and where each ends. */
  treePages(tree: NativeTreeHandle, pages: Uint8Array, ends: Uint32Array): void;
  /** A new tree with what is in memory down to a depth; the number of its root goes to the scratch array. */
  treeCopy(tree: NativeTreeHandle, root: number, depth: number): NativeTreeHandle;
  /** Gives memory that was freed back to the system. */
  trimMemory(): void;
}

/** A tree that the addon holds. */
export type NativeTreeHandle = object & { readonly nativeTree: never };
export type LoadPage = (height: number, page: number) => Uint8Array;

/** Places in the scratch array. */
export const SCRATCH = { signature: 0, parity: 64, prefixLength: 65, prefix: 66, suffixLength: 80, suffix: 81, sender: 96, hash: 128, key: 160, value: 256, numbers: 384 } as const;
const SCRATCH_BYTES = 512;

export interface NativeRoutines extends Addon {
  readonly scratch: Uint8Array;
}

/**
 * Optional routines in C, where the set-up could build them: for what every node does with every transaction. Everything has an
 * equal in TypeScript over npm's libraries, with the same results (`native.test.ts`). Null where there are none, or where
 * `STELE_NATIVE=off`.
 */
export const native: NativeRoutines | null = load();

function load(): NativeRoutines | null {
  if (process.env['STELE_NATIVE'] === 'off') return null;
  for (const path of places()) {
    if (!existsSync(path)) continue;
    try {
      const holder: { exports: unknown } = { exports: {} };
      process.dlopen(holder, path);
      const addon = holder.exports as Addon;
      const scratch = new Uint8Array(SCRATCH_BYTES);
      addon.begin(scratch);
      return Object.assign(addon, { scratch });
    } catch {
      // Built for another machine: the libraries serve.
      return null;
    }
  }
  return null;
}

/** Beside a bundled program, or in dist/native of the folder tree that this file stands in. */
function* places(): Generator<string> {
  const name = 'stele-native.node';
  yield join(__dirname, name);
  for (let folder = __dirname; folder !== dirname(folder); folder = dirname(folder)) {
    yield join(folder, 'dist', 'native', name);
    if (existsSync(join(folder, 'package.json'))) return;
  }
}
