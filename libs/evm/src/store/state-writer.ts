import { native, type Bytes } from '#ledger';
import type { BlockOverlay } from '../state/block-overlay.js';
import { effectsOf, type StateEffects } from '../state/changes.js';
import type { HeadTree } from '../state/head-tree.js';
import { NativeTree } from '../state/native-tree.js';
import type { Inner, Leaf, Stub } from '../state/node.js';
import { NodeTree } from '../state/node-tree.js';
import type { BaseState, Overlay } from '../state/overlay.js';
import { StoredState, type CodeCache } from '../state/stored-state.js';
import { StateTree } from '../state/tree.js';
import { EvmError } from '../errors.js';
import type { TreePlace } from '../snapshot/part.js';
import { partAt } from '../snapshot/tree-parts.js';
import { loadNode, loadPage, writePages } from './node-pages.js';
import { storedRoot, stubOf, type Root } from './roots.js';
import { asBuffer, heightKey, placeKey, type Tables } from './tables.js';

/** The authenticated tree of the head, and how a block's state gets into the store. */
export class StateWriter {
  /** For trees of older heights, which are read as far as they are asked for. */
  private readonly nodes: StateTree;
  private head: HeadTree;

  constructor(
    private readonly tables: Tables,
    headHeight: bigint | null,
  ) {
    this.nodes = new StateTree((stub) => this.loadNode(stub));
    this.head = this.headTree(headHeight === null ? null : storedRoot(tables, headHeight));
  }

  /** What the overlay changes, with the tree after it. Nothing is written. */
  overlayOf(overlay: Overlay, base: BaseState, height: bigint): BlockOverlay {
    return this.overlayAfter(effectsOf(overlay, base), height);
  }

  /** The same from changes that were collected elsewhere: a worker thread executes, the tree is the main thread's. */
  overlayAfter({ changes, codes }: StateEffects, height: bigint): BlockOverlay {
    const { tree, pages } = this.head.after(changes, Number(height));
    return { height, codes, tree, root: tree.hash, pages };
  }

  /** Queues the writes; to be called inside a transaction. */
  write({ height, codes, tree: { place }, root, pages }: BlockOverlay): void {
    const since = heightKey(height);
    for (const { codeHash, code } of codes) void this.tables.codes.put(asBuffer(codeHash), asBuffer(code));
    writePages(this.tables.nodes, height, pages);
    void this.tables.roots.put(since, place === null ? asBuffer(root) : Buffer.concat([root, placeKey(BigInt(place.height), place.index)]));
  }

  /** After the transaction: the next block builds on this tree. */
  moveTo(overlay: BlockOverlay): void {
    this.head = overlay.tree.trimmed();
  }

  /** A part of the tree of a height, as peers send it; null where it has no node there. */
  part(height: bigint, place: TreePlace): Bytes | null {
    return partAt(this.nodes, stubOf(storedRoot(this.tables, height)), place);
  }

  prove(height: bigint, treeKey: Bytes): ReturnType<StateTree['prove']> {
    return this.nodes.prove(stubOf(storedRoot(this.tables, height)), treeKey);
  }

  /** The state after a block: the head's shares what is in memory, an older one is read as far as it is asked for. */
  reader(height: bigint, isHead: boolean, codes: CodeCache, oldest?: () => bigint): StoredState {
    return new StoredState(isHead ? this.head : new NodeTree(this.nodes, stubOf(storedRoot(this.tables, height))), codes, height, oldest);
  }

  private headTree(root: Root | null): HeadTree {
    if (native === null) {
      const memory = { loaded: 0 };
      const nodes = new StateTree((stub) => {
        memory.loaded += 1;
        return this.loadNode(stub);
      });
      return new NodeTree(nodes, stubOf(root), memory);
    }
    return NativeTree.open(native, (height, number) => this.loadPage(height, number), root);
  }

  private loadNode(stub: Stub): Leaf | Inner {
    const node = loadNode(this.tables.nodes, stub);
    if (node === null) throw new EvmError('damagedStore', `tree node ${stub.height}/${stub.index} is missing`);
    return node;
  }

  private loadPage(height: number, number: number): Buffer {
    const page = loadPage(this.tables.nodes, height, number);
    if (page === undefined) throw new EvmError('damagedStore', `page ${number} of the tree nodes of height ${height} is missing`);
    return page;
  }
}
