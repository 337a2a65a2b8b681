import { Reader, Writer, type Bytes } from '#ledger';
import type { Inner, Leaf, Node, NodeRef, Stub } from './node.js';

const MAX_VALUE_BYTES = 1024;

/** How a node is stored: an internal format, versioned with the store. Only hashes are consensus. */
export function encodeNode(node: Leaf | Inner): Bytes {
  const writer = new Writer();
  if (node.kind === 'leaf') return writer.u8(0).fixed(node.hash, 32).fixed(node.key, 32).bytes(node.value, MAX_VALUE_BYTES).finish();
  const prefixBytes = Math.ceil(node.bit / 8);
  writer.u8(1).fixed(node.hash, 32).u8(node.bit).fixed(node.prefix.subarray(0, prefixBytes), prefixBytes);
  writeChild(writer, node.left);
  writeChild(writer, node.right);
  return writer.finish();
}

export function decodeNode(bytes: Bytes, ref: NodeRef): Leaf | Inner {
  const reader = new Reader(bytes);
  const isLeaf = reader.u8() === 0;
  const hash = reader.fixed(32);
  if (isLeaf) return { kind: 'leaf', hash, ref, key: reader.fixed(32), value: reader.bytes(MAX_VALUE_BYTES) };
  const bit = reader.u8();
  const prefix = new Uint8Array(32);
  prefix.set(reader.fixed(Math.ceil(bit / 8)));
  return { kind: 'inner', hash, ref, bit, prefix, left: readChild(reader), right: readChild(reader) };
}

function writeChild(writer: Writer, child: Node): void {
  if (child.ref === null) throw new Error('a child is stored before its parent');
  writer.u64(child.ref.height).u32(child.ref.index).fixed(child.hash, 32);
}

function readChild(reader: Reader): Stub {
  return { kind: 'stub', ref: { height: reader.u64(), index: reader.u32() }, hash: reader.fixed(32) };
}
