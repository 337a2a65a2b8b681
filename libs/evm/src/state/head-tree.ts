import type { Bytes } from '#ledger';
import type { TreeChange } from './tree.js';

/** Where a tree's root node is stored: the block that made it, and its place among that block's nodes. */
export interface RootPlace {
  readonly height: number;
  readonly index: number;
}

/** A tree as a reader of one height has it. */
export interface TreeView {
  readonly hash: Bytes;
  /** The value at a key of 32 bytes, or null. */
  find(key: Bytes): Bytes | null;
}

/** The tree that the next block builds on, in memory as far as it was used. */
export interface HeadTree extends TreeView {
  /** Null where the tree is empty. */
  readonly place: RootPlace | null;
  /**
   * The tree after changes of which no two have the same key, with the pages of its new nodes as they will be stored under the
   * height. Nothing is written, and this tree stays as it is.
   */
  after(changes: readonly TreeChange[], height: number): TreeUpdate;
  /** The same, without what memory has no room for: that is read again when needed. Trees of undecided blocks end here. */
  trimmed(): HeadTree;
}

export interface TreeUpdate {
  readonly tree: HeadTree;
  readonly pages: readonly Buffer[];
}
