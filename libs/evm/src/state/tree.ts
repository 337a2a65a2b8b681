import { type Bytes, EMPTY_STATE_ROOT, type ProofStep, type StateProof } from '#ledger';
import { bitOfText, bytesOf, innerHash, leafHash, sharedBits, textOf, type Inner, type Leaf, type Node, type Stub } from './node.js';

/** Sets a key (32-byte hash) to a value, or removes it with null. */
export interface TreeChange {
  key: Bytes;
  value: Bytes | null;
}

/** The same as the tree's nodes have it. */
interface Change {
  key: string;
  value: string | null;
}

/** Reads a stored node; throws when it is not there. */
export type LoadNode = (stub: Stub) => Leaf | Inner;

export function rootHash(root: Node | null): Bytes {
  return root === null ? EMPTY_STATE_ROOT : bytesOf(root.hash);
}

/**
 * A binary, path-compressed Merkle tree over hashed keys (docs/spec/state.md). Nodes are immutable but for one thing: a stub
 * may be replaced by the node that it stands for. Its shape depends on its keys only, so the order of writes does not matter.
 */
export class StateTree {
  constructor(private readonly load: LoadNode) {}

  /** The tree after all changes, of which no two may have the same key. Shares unchanged nodes with `root`. */
  update(root: Node | null, changes: readonly TreeChange[]): Node | null {
    const sorted = changes.map(({ key, value }): Change => ({ key: textOf(key), value: value === null ? null : textOf(value) }));
    sorted.sort((a, b) => (a.key < b.key ? -1 : 1));
    for (let i = 1; i < sorted.length; i++) {
      if ((sorted[i - 1] as Change).key === (sorted[i] as Change).key) throw new Error('two changes of one key');
    }
    return this.apply(root, sorted, 0, sorted.length);
  }

  /** Proves what stands at the key, or that nothing does. */
  prove(root: Node | null, key: Bytes): StateProof {
    const wanted = textOf(key);
    const steps: ProofStep[] = [];
    let node = root === null ? null : this.resolve(root);
    while (node !== null && node.kind === 'inner') {
      const right = bitOfText(wanted, node.bit) === 1;
      steps.push({ bit: node.bit, sibling: bytesOf(right ? node.left.hash : node.right.hash) });
      node = this.child(node, right ? 'right' : 'left');
    }
    return { leaf: node === null ? null : { keyHash: bytesOf(node.key), value: bytesOf(node.value) }, steps: steps.reverse() };
  }

  /** The value at the key, or null. */
  find(root: Node | null, key: Bytes): Bytes | null {
    const wanted = textOf(key);
    let node = root === null ? null : this.resolve(root);
    while (node !== null && node.kind === 'inner') node = this.child(node, bitOfText(wanted, node.bit) === 1 ? 'right' : 'left');
    return node !== null && node.key === wanted ? bytesOf(node.value) : null;
  }

  /** The node below which all keys begin with the first `depth` bits of this one; null where there is none. */
  nodeAt(root: Node | null, key: Bytes, depth: number): Leaf | Inner | null {
    const wanted = textOf(key);
    let node = root === null ? null : this.resolve(root);
    while (node !== null && node.kind === 'inner' && node.bit < depth) node = this.resolve(bitOfText(wanted, node.bit) === 1 ? node.right : node.left);
    const shared = node === null ? 0 : sharedBits(node.kind === 'leaf' ? node.key : node.prefix, wanted, Math.min(depth, node.kind === 'leaf' ? 256 : node.bit));
    return node !== null && shared >= depth ? node : null;
  }

  /** A node's child, read without being kept: for those who walk over much of a tree. */
  childOf(node: Inner, side: 'left' | 'right'): Leaf | Inner {
    return this.resolve(node[side]);
  }

  private resolve(node: Node): Leaf | Inner {
    return node.kind === 'stub' ? this.load(node) : node;
  }

  private child(parent: Inner, side: 'left' | 'right'): Leaf | Inner {
    const loaded = this.resolve(parent[side]);
    parent[side] = loaded;
    return loaded;
  }

  private apply(node: Node | null, changes: readonly Change[], from: number, to: number): Node | null {
    if (from === to) return node;
    if (node === null) return build(changes.slice(from, to));
    const known = this.resolve(node);
    return known.kind === 'leaf' ? mergeLeaf(known, changes.slice(from, to)) : this.applyInner(known, changes, from, to);
  }

  private applyInner(node: Inner, changes: readonly Change[], from: number, to: number): Node | null {
    const first = (changes[from] as Change).key;
    const last = (changes[to - 1] as Change).key;
    // Changes are sorted, so the two ends leave the node's prefix first.
    const shared = sharedBits(node.prefix, last, sharedBits(node.prefix, first, node.bit));
    if (shared === node.bit) {
      const middle = splitAt(changes, from, to, node.bit);
      const left = middle === from ? node.left : this.apply(this.child(node, 'left'), changes, from, middle);
      const right = middle === to ? node.right : this.apply(this.child(node, 'right'), changes, middle, to);
      return left === node.left && right === node.right ? node : join(node.bit, node.prefix, left, right);
    }
    const middle = splitAt(changes, from, to, shared);
    return bitOfText(node.prefix, shared) === 0
      ? join(shared, node.prefix, this.apply(node, changes, from, middle), build(changes.slice(middle, to)))
      : join(shared, node.prefix, build(changes.slice(from, middle)), this.apply(node, changes, middle, to));
  }
}

/** The first change in the range whose key has the bit set; all before have it clear. */
function splitAt(changes: readonly Change[], from: number, to: number, bit: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bitOfText((changes[middle] as Change).key, bit) === 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function join(bit: number, prefix: string, left: Node | null, right: Node | null): Node | null {
  if (left === null) return right;
  if (right === null) return left;
  return { kind: 'inner', hash: innerHash(bit, left.hash, right.hash), height: -1, index: -1, bit, prefix, left, right };
}

function mergeLeaf(leaf: Leaf, changes: readonly Change[]): Node | null {
  const same = changes.find((change) => change.key === leaf.key);
  if (same !== undefined) return build(changes, same.value === leaf.value ? leaf : undefined);
  const at = changes.findIndex((change) => change.key > leaf.key);
  const place = at < 0 ? changes.length : at;
  return build([...changes.slice(0, place), leaf, ...changes.slice(place)], leaf);
}

/** A tree of the changes that set something; `reuse` stands for its own key unchanged. */
function build(changes: readonly Change[], reuse?: Leaf): Node | null {
  return buildRange(changes.filter((change) => change.value !== null), reuse);
}

function buildRange(sets: readonly Change[], reuse: Leaf | undefined): Node | null {
  const first = sets[0];
  const last = sets[sets.length - 1];
  if (first === undefined || last === undefined) return null;
  if (sets.length === 1) {
    if (reuse !== undefined && reuse.key === first.key) return reuse;
    const value = first.value as string;
    return { kind: 'leaf', hash: leafHash(first.key, value), height: -1, index: -1, key: first.key, value };
  }
  const bit = sharedBits(first.key, last.key);
  const middle = splitAt(sets, 0, sets.length, bit);
  return join(bit, first.key, buildRange(sets.slice(0, middle), reuse), buildRange(sets.slice(middle), reuse));
}

/** Gives every new node its place, children first, and answers them in the order of their places. */
export function placeNewNodes(root: Node | null, height: number): (Leaf | Inner)[] {
  const placed: (Leaf | Inner)[] = [];
  const visit = (node: Node): void => {
    if (node.height >= 0 || node.kind === 'stub') return;
    if (node.kind === 'inner') {
      visit(node.left);
      visit(node.right);
    }
    node.height = height;
    node.index = placed.length;
    placed.push(node);
  };
  if (root !== null) visit(root);
  return placed;
}

/** Forgets what is below `depth`, so that memory stays bounded; it is read again when needed. */
export function trimTree(node: Node, depth: number): Node {
  if (node.kind === 'stub' || node.height < 0) return node;
  if (depth === 0) return { kind: 'stub', hash: node.hash, height: node.height, index: node.index };
  return node.kind === 'leaf' ? node : { ...node, left: trimTree(node.left, depth - 1), right: trimTree(node.right, depth - 1) };
}
