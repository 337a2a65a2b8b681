import type { Bytes } from '#ledger';
import type { StateChanges } from './changes.js';
import type { HeadTree } from './head-tree.js';

/** A block's effect on state, held in memory until the block is decided or dropped. */
export interface BlockOverlay {
  readonly height: bigint;
  readonly codes: StateChanges['codes'];
  /** The tree after the block. */
  readonly tree: HeadTree;
  readonly root: Bytes;
  /** The pages of its new nodes as they will be stored. */
  readonly pages: readonly Buffer[];
}
