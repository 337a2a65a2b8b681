import { putText, textOf, type Inner, type Leaf, type Node, type Stub } from './node.js';

/**
 * How a node is stored: an internal format, versioned with the store; only hashes are consensus. A node's own hash stands with
 * its parent (the root's in the table of roots).
 * Leaf: `00 | key[32] | value`. Inner: `01 | bit | prefix[⌈bit / 8⌉] | left | right`, a child being `height u48 | index u32 | hash[32]`.
 */
const CHILD_BYTES = 42;

export function nodeBytes(node: Leaf | Inner): number {
  return node.kind === 'leaf' ? 33 + node.value.length : 2 + ((node.bit + 7) >> 3) + 2 * CHILD_BYTES;
}

/** Writes a node that has its place, and whose children have theirs; answers where it ends. */
export function writeNode(node: Leaf | Inner, target: Buffer, at: number): number {
  if (node.kind === 'leaf') {
    target[at] = 0;
    putText(target, node.key, at + 1, 32);
    return at + 33 + putText(target, node.value, at + 33, node.value.length);
  }
  const prefixBytes = (node.bit + 7) >> 3;
  target[at] = 1;
  target[at + 1] = node.bit;
  if (prefixBytes > 0) putText(target, node.prefix, at + 2, prefixBytes);
  return writeChild(target, writeChild(target, at + 2 + prefixBytes, node.left), node.right);
}

export function readNode(bytes: Buffer, from: number, to: number, { hash, height, index }: Stub): Leaf | Inner {
  if (bytes[from] === 0) return { kind: 'leaf', hash, height, index, key: textOf(bytes, from + 1, from + 33), value: textOf(bytes, from + 33, to) };
  const bit = bytes[from + 1] as number;
  const children = from + 2 + ((bit + 7) >> 3);
  return { kind: 'inner', hash, height, index, bit, prefix: textOf(bytes, from + 2, children), left: readChild(bytes, children), right: readChild(bytes, children + CHILD_BYTES) };
}

function writeChild(target: Buffer, at: number, { height, index, hash }: Node): number {
  if (height < 0) throw new Error('a child is stored before its parent');
  target.writeUIntBE(height, at, 6);
  target.writeUInt32BE(index, at + 6);
  putText(target, hash, at + 10, 32);
  return at + CHILD_BYTES;
}

function readChild(bytes: Buffer, at: number): Stub {
  return { kind: 'stub', height: bytes.readUIntBE(at, 6), index: bytes.readUInt32BE(at + 6), hash: textOf(bytes, at + 10, at + CHILD_BYTES) };
}

/** Where a node stands: the height of its block, and its place among that block's nodes. */
export interface NodePlace {
  height: number;
  index: number;
}

/** The places of a stored node's children; none for a leaf. */
export function childPlaces(bytes: Buffer, from: number): readonly NodePlace[] {
  if (bytes[from] === 0) return [];
  const children = from + 2 + (((bytes[from + 1] as number) + 7) >> 3);
  return [children, children + CHILD_BYTES].map((at) => ({ height: bytes.readUIntBE(at, 6), index: bytes.readUInt32BE(at + 6) }));
}
