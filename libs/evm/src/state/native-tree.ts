import { compareBytes, EMPTY_STATE_ROOT, SCRATCH, type Bytes, type NativeRoutines, type NativeTreeHandle } from '#ledger';
import type { HeadTree, RootPlace, TreeUpdate } from './head-tree.js';
import type { TreeChange } from './tree.js';

/** The addon's memory for the tree of a chain; beyond it only the upper levels are kept. */
const MAX_TREE_BYTES = 48 * 1024 * 1024;
const KEPT_DEPTH = 14;
const KEY_BYTES = 32;
const NONE = 0;

/** A stored page of nodes, valid until the next is asked for. @throws EvmError `damagedStore` */
export type LoadPage = (height: number, page: number) => Uint8Array;

/**
 * The state's tree in the memory of the addon (libs/ledger/native): what `NodeTree` does, at a fifth of its cost, as neither nodes
 * nor their hashes become objects. A tree of an older head stays readable as long as somebody holds it.
 */
export class NativeTree implements HeadTree {
  private constructor(
    private readonly routines: NativeRoutines,
    private readonly load: LoadPage,
    private readonly handle: NativeTreeHandle,
    private readonly root: number,
    readonly hash: Bytes,
    readonly place: RootPlace | null,
  ) {}

  static open(routines: NativeRoutines, load: LoadPage, root: (RootPlace & { hash: Bytes }) | null): NativeTree {
    const handle = routines.treeNew();
    if (root === null) return new NativeTree(routines, load, handle, NONE, EMPTY_STATE_ROOT, null);
    const id = routines.treeRoot(handle, root.hash, root.height, root.index, load);
    return new NativeTree(routines, load, handle, id, root.hash, { height: root.height, index: root.index });
  }

  find(key: Bytes): Bytes | null {
    if (this.root === NONE) return null;
    const { routines } = this;
    const length = routines.treeFind(this.handle, this.root, key, this.load);
    return length < 0 ? null : routines.scratch.slice(SCRATCH.value, SCRATCH.value + length);
  }

  after(changes: readonly TreeChange[], height: number): TreeUpdate {
    const { routines, handle } = this;
    const { keys, values, lengths } = flat(changes);
    const root = routines.treeUpdate(handle, this.root, keys, values, lengths, height, this.load);
    const numbers = new DataView(routines.scratch.buffer, routines.scratch.byteOffset + SCRATCH.numbers);
    const [count, bytes, index] = [numbers.getUint32(4, true), numbers.getUint32(8, true), numbers.getUint32(12, true)];
    const place = root === NONE ? null : { height: Number(numbers.getBigUint64(16, true)), index };
    const hash = root === NONE ? EMPTY_STATE_ROOT : routines.scratch.slice(SCRATCH.hash, SCRATCH.hash + KEY_BYTES);
    return { tree: new NativeTree(routines, this.load, handle, root, hash, place), pages: this.pages(count, bytes) };
  }

  trimmed(): HeadTree {
    const { routines, load, handle, root, hash, place } = this;
    if (root === NONE || routines.treeBytes(handle) < MAX_TREE_BYTES) return this;
    const copy = routines.treeCopy(handle, root, KEPT_DEPTH);
    const id = new DataView(routines.scratch.buffer, routines.scratch.byteOffset + SCRATCH.numbers).getUint32(0, true);
    return new NativeTree(routines, load, copy, id, hash, place);
  }

  private pages(count: number, bytes: number): Buffer[] {
    // One piece of memory for all: the store's binding asks for the address of each piece once.
    const area = Buffer.allocUnsafeSlow(bytes);
    const ends = new Uint32Array(count);
    this.routines.treePages(this.handle, area, ends);
    return Array.from(ends, (end, i) => area.subarray(i === 0 ? 0 : ends[i - 1], end));
  }
}

/** Changes as the addon takes them. */
function flat(changes: readonly TreeChange[]): { keys: Uint8Array; values: Uint8Array; lengths: Int32Array } {
  const sorted = [...changes].sort((a, b) => compareBytes(a.key, b.key));
  const keys = new Uint8Array(sorted.length * KEY_BYTES);
  const lengths = new Int32Array(sorted.length);
  const values = new Uint8Array(sorted.reduce((sum, { value }) => sum + (value?.length ?? 0), 0));
  let at = 0;
  for (const [i, { key, value }] of sorted.entries()) {
    keys.set(key, i * KEY_BYTES);
    lengths[i] = value === null ? -1 : value.length;
    if (value === null) continue;
    values.set(value, at);
    at += value.length;
  }
  return { keys, values, lengths };
}
