import type { Bytes } from '#ledger';
import type { Inner, Leaf, Node } from '../state/node.js';
import type { StateTree } from '../state/tree.js';
import { PartWriter, type TreePlace } from './part.js';

/** A part ends when it has about so much: what a peer sends between two turns of its event loop. */
const PART_BYTES = 128 * 1024;
/** A subtree beside one with fewer leaves than this is about as small: it goes along, as asking for it would take longer. */
const SMALL_LEAVES = 64;
const MOST_BYTES = 2 * PART_BYTES;

/** A part of the tree from a place on, or null where the tree has no node there. */
export function partAt(tree: StateTree, root: Node | null, { key, depth }: TreePlace): Bytes | null {
  const node = tree.nodeAt(root, key, depth);
  if (node === null) return null;
  const writer = new PartWriter();
  write(tree, node, writer);
  return writer.finish();
}

/** Pre-order; what no longer fits is named by its hash, which the parent knows: it is not even read. Answers how many leaves were written. */
function write(tree: StateTree, node: Leaf | Inner, writer: PartWriter): number {
  if (node.kind === 'leaf') {
    writer.leaf(node.key, node.value);
    return 1;
  }
  writer.inner(node.bit);
  const left = write(tree, tree.childOf(node, 'left'), writer);
  if (writer.length < PART_BYTES || (left < SMALL_LEAVES && writer.length < MOST_BYTES)) return left + write(tree, tree.childOf(node, 'right'), writer);
  writer.branch(node.right.hash);
  return left;
}
