import type { Bytes } from '#ledger';
import type { NodeRef } from '../state/node.js';
import { placeKey, type Table } from './tables.js';

/**
 * Tree nodes, so many to a page: a block makes thousands, and one write for each would cost more than hashing them. A page is
 * `count u8 | end u16 of each | nodes`, little more than one page of the store; its key is the block's height and the page's number.
 */
const NODES_PER_PAGE = 32;

/** Queues the writes of a block's nodes, in the order of their places. */
export function writeNodes(table: Table, height: bigint, nodes: readonly Bytes[]): void {
  for (let first = 0; first < nodes.length; first += NODES_PER_PAGE) {
    void table.put(placeKey(height, first / NODES_PER_PAGE), pageOf(nodes, first, Math.min(nodes.length, first + NODES_PER_PAGE)));
  }
}

function pageOf(nodes: readonly Bytes[], first: number, end: number): Buffer {
  const count = end - first;
  let bytes = 1 + 2 * count;
  const body = bytes;
  for (let i = first; i < end; i++) bytes += (nodes[i] as Bytes).length;
  const page = Buffer.allocUnsafeSlow(bytes);
  page[0] = count;
  let at = body;
  for (let i = first; i < end; i++) {
    const node = nodes[i] as Bytes;
    page.set(node, at);
    at += node.length;
    page.writeUInt16BE(at - body, 1 + 2 * (i - first));
  }
  return page;
}

/** A node's bytes, its own copy, or null where it is not stored. */
export function readNode(table: Table, { height, index }: NodeRef): Buffer | null {
  const page = table.getBinaryFast(placeKey(BigInt(height), Math.floor(index / NODES_PER_PAGE)));
  const place = index % NODES_PER_PAGE;
  const count = page?.[0] ?? 0;
  if (page === undefined || place >= count) return null;
  const body = 1 + 2 * count;
  const from = body + (place === 0 ? 0 : page.readUInt16BE(1 + 2 * (place - 1)));
  const to = body + page.readUInt16BE(1 + 2 * place);
  const own = Buffer.allocUnsafeSlow(to - from);
  own.set(page.subarray(from, to));
  return own;
}
