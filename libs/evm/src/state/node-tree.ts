import { EMPTY_STATE_ROOT, type Bytes } from '#ledger';
import { pagesOf } from '../store/node-pages.js';
import type { HeadTree, RootPlace, TreeUpdate } from './head-tree.js';
import { bytesOf, type Node } from './node.js';
import { placeNewNodes, trimTree, type StateTree, type TreeChange } from './tree.js';

const MAX_NODES_IN_MEMORY = 60_000;
const KEPT_DEPTH = 12;

/** A tree of JavaScript's own objects. `memory` counts the nodes that are made or read, for all trees that share them. */
export class NodeTree implements HeadTree {
  constructor(
    private readonly nodes: StateTree,
    private readonly top: Node | null,
    private readonly memory: { loaded: number } = { loaded: 0 },
  ) {}

  get hash(): Bytes {
    return this.top === null ? EMPTY_STATE_ROOT : bytesOf(this.top.hash);
  }

  get place(): RootPlace | null {
    return this.top;
  }

  find(key: Bytes): Bytes | null {
    return this.nodes.find(this.top, key);
  }

  after(changes: readonly TreeChange[], height: number): TreeUpdate {
    const top = this.nodes.update(this.top, changes);
    const placed = placeNewNodes(top, height);
    this.memory.loaded += placed.length;
    return { tree: new NodeTree(this.nodes, top, this.memory), pages: pagesOf(placed) };
  }

  trimmed(): HeadTree {
    if (this.top === null || this.memory.loaded < MAX_NODES_IN_MEMORY) return this;
    this.memory.loaded = 2 ** KEPT_DEPTH;
    return new NodeTree(this.nodes, trimTree(this.top, KEPT_DEPTH), this.memory);
  }
}
