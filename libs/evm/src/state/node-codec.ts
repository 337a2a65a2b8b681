import type { Inner, Leaf, Node, Stub } from './node.js';

/**
 * How a node is stored: an internal format, versioned with the store; only hashes are consensus. A node's own hash stands with
 * its parent (the root's in the table of roots).
 * Leaf: `00 | key[32] | value`. Inner: `01 | bit | prefix[⌈bit / 8⌉] | left | right`, a child being `height u48 | index u32 | hash[32]`.
 */
const CHILD_BYTES = 42;

export function encodeNode(node: Leaf | Inner): Buffer {
  if (node.kind === 'leaf') {
    const bytes = Buffer.allocUnsafe(33 + node.value.length);
    bytes[0] = 0;
    bytes.set(node.key, 1);
    bytes.set(node.value, 33);
    return bytes;
  }
  const prefixBytes = (node.bit + 7) >> 3;
  const bytes = Buffer.allocUnsafe(2 + prefixBytes + 2 * CHILD_BYTES);
  bytes[0] = 1;
  bytes[1] = node.bit;
  for (let i = 0; i < prefixBytes; i++) bytes[2 + i] = node.prefix[i] as number;
  writeChild(bytes, 2 + prefixBytes, node.left);
  writeChild(bytes, 2 + prefixBytes + CHILD_BYTES, node.right);
  return bytes;
}

/** The node keeps views of `bytes`. */
export function decodeNode(bytes: Buffer, { hash, ref }: Stub): Leaf | Inner {
  if (bytes[0] === 0) return { kind: 'leaf', hash, ref, key: bytes.subarray(1, 33), value: bytes.subarray(33) };
  const bit = bytes[1] as number;
  const children = 2 + ((bit + 7) >> 3);
  return { kind: 'inner', hash, ref, bit, prefix: bytes.subarray(2, children), left: readChild(bytes, children), right: readChild(bytes, children + CHILD_BYTES) };
}

function writeChild(bytes: Buffer, at: number, { ref, hash }: Node): void {
  if (ref === null) throw new Error('a child is stored before its parent');
  bytes.writeUIntBE(ref.height, at, 6);
  bytes.writeUInt32BE(ref.index, at + 6);
  bytes.set(hash, at + 10);
}

function readChild(bytes: Buffer, at: number): Stub {
  return { kind: 'stub', ref: { height: bytes.readUIntBE(at, 6), index: bytes.readUInt32BE(at + 6) }, hash: bytes.subarray(at + 10, at + CHILD_BYTES) };
}
