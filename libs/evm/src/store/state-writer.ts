import type { Bytes } from '#ledger';
import type { BlockOverlay } from '../state/block-overlay.js';
import { effectsOf, type StateEffects } from '../state/changes.js';
import { trimTree, placeNewNodes, rootHash, StateTree } from '../state/tree.js';
import { textOf, type Inner, type Leaf, type Node, type Stub } from '../state/node.js';
import type { BaseState, Overlay } from '../state/overlay.js';
import { StoredState, type CodeCache } from '../state/stored-state.js';
import { EvmError } from '../errors.js';
import type { TreePlace } from '../snapshot/part.js';
import { partAt } from '../snapshot/tree-parts.js';
import { loadNode, pagesOf, writePages } from './node-pages.js';
import { asBuffer, heightKey, placeKey, type Tables } from './tables.js';

const MAX_NODES_IN_MEMORY = 60_000;
const KEPT_DEPTH = 12;

/** The authenticated tree of the head, and how a block's state gets into the store. */
export class StateWriter {
  private readonly tree: StateTree;
  private loadedNodes = 0;
  private head: Node | null;

  constructor(
    private readonly tables: Tables,
    headHeight: bigint | null,
  ) {
    this.tree = new StateTree((stub) => this.loadNode(stub));
    this.head = headHeight === null ? null : this.rootAt(headHeight);
  }

  /** What the overlay changes, with the tree after it. Nothing is written. */
  overlayOf(overlay: Overlay, base: BaseState, height: bigint): BlockOverlay {
    return this.overlayAfter(effectsOf(overlay, base), height);
  }

  /** The same from changes that were collected elsewhere: a worker thread executes, the tree is the main thread's. */
  overlayAfter({ changes, codes }: StateEffects, height: bigint): BlockOverlay {
    const tree = this.tree.update(this.head, changes);
    const nodes = placeNewNodes(tree, Number(height));
    return { height, codes, tree, root: rootHash(tree), newNodes: nodes.length, pages: pagesOf(nodes) };
  }

  /** Queues the writes; to be called inside a transaction. */
  write({ height, codes, tree, root, pages }: BlockOverlay): void {
    const since = heightKey(height);
    for (const { codeHash, code } of codes) void this.tables.codes.put(asBuffer(codeHash), asBuffer(code));
    writePages(this.tables.nodes, height, pages);
    void this.tables.roots.put(since, tree === null ? asBuffer(root) : Buffer.concat([root, placeKey(BigInt(tree.height), tree.index)]));
  }

  /** After the transaction: the next block builds on this tree. */
  moveTo(overlay: BlockOverlay): void {
    this.head = overlay.tree;
    this.loadedNodes += overlay.newNodes;
    if (this.head === null || this.loadedNodes < MAX_NODES_IN_MEMORY) return;
    this.head = trimTree(this.head, KEPT_DEPTH);
    this.loadedNodes = 2 ** KEPT_DEPTH;
  }

  /** A part of the tree of a height, as peers send it; null where it has no node there. */
  part(height: bigint, place: TreePlace): Bytes | null {
    return partAt(this.tree, this.rootAt(height), place);
  }

  prove(height: bigint, treeKey: Bytes): ReturnType<StateTree['prove']> {
    return this.tree.prove(this.rootAt(height), treeKey);
  }

  /** The state after a block: the head's shares what is in memory, an older one is read as far as it is asked for. */
  reader(height: bigint, isHead: boolean, codes: CodeCache): StoredState {
    return new StoredState(this.tree, isHead ? this.head : this.rootAt(height), codes, height);
  }

  private rootAt(height: bigint): Node | null {
    const stored = this.tables.roots.get(heightKey(height));
    if (stored === undefined) throw new EvmError('unknownHeight', `no state is kept for height ${height}`);
    if (stored.length === 32) return null;
    return { kind: 'stub', hash: textOf(stored, 0, 32), height: Number(stored.readBigUInt64BE(32)), index: stored.readUInt32BE(40) };
  }

  private loadNode(stub: Stub): Leaf | Inner {
    const node = loadNode(this.tables.nodes, stub);
    if (node === null) throw new EvmError('damagedStore', `tree node ${stub.height}/${stub.index} is missing`);
    this.loadedNodes++;
    return node;
  }
}
