import type { Bytes } from '#ledger';
import type { StateChanges } from './changes.js';
import type { Node } from './node.js';

/** A block's effect on state, held in memory until the block is decided or dropped. */
export interface BlockOverlay {
  readonly height: bigint;
  readonly codes: StateChanges['codes'];
  /** The tree after the block. */
  readonly tree: Node | null;
  readonly root: Bytes;
  /** How many nodes are new, and the pages that hold them as they will be stored. */
  readonly newNodes: number;
  readonly pages: readonly Buffer[];
}
