import { nodeBytes, readNode, writeNode } from '../state/node-codec.js';
import type { Inner, Leaf, Stub } from '../state/node.js';
import { placeKey, type Table } from './tables.js';

/**
 * Tree nodes, so many to a page: a block makes thousands, and one write for each would cost more than hashing them. A page is
 * `count u8 | end u16 of each | nodes`, little more than one page of the store; its key is the block's height and the page's number.
 */
export const NODES_PER_PAGE = 32;

/** A block's nodes as pages, in the order of their places. */
export function pagesOf(nodes: readonly (Leaf | Inner)[]): Buffer[] {
  const pages: Buffer[] = [];
  for (let first = 0; first < nodes.length; first += NODES_PER_PAGE) pages.push(pageOf(nodes, first, Math.min(nodes.length, first + NODES_PER_PAGE)));
  return pages;
}

function pageOf(nodes: readonly (Leaf | Inner)[], first: number, end: number): Buffer {
  const count = end - first;
  const body = 1 + 2 * count;
  let bytes = body;
  for (let i = first; i < end; i++) bytes += nodeBytes(nodes[i] as Leaf | Inner);
  const page = Buffer.allocUnsafeSlow(bytes);
  page[0] = count;
  let at = body;
  for (let i = first; i < end; i++) {
    at = writeNode(nodes[i] as Leaf | Inner, page, at);
    page.writeUInt16BE(at - body, 1 + 2 * (i - first));
  }
  return page;
}

/** Queues the writes of a block's pages; to be called inside a transaction. */
export function writePages(table: Table, height: bigint, pages: readonly Buffer[]): void {
  pages.forEach((page, number) => void table.put(placeKey(height, number), page));
}

/** A page of nodes, valid until the next read; undefined where it is not stored. */
export function loadPage(table: Table, height: number, number: number): Buffer | undefined {
  return table.getBinaryFast(placeKey(BigInt(height), number));
}

/** The node that a stub stands for, or null where it is not stored. */
export function loadNode(table: Table, stub: Stub): Leaf | Inner | null {
  const page = loadPage(table, stub.height, Math.floor(stub.index / NODES_PER_PAGE));
  const place = stub.index % NODES_PER_PAGE;
  const count = page?.[0] ?? 0;
  if (page === undefined || place >= count) return null;
  const body = 1 + 2 * count;
  const from = body + (place === 0 ? 0 : page.readUInt16BE(1 + 2 * (place - 1)));
  return readNode(page, from, body + page.readUInt16BE(1 + 2 * place), stub);
}
