import { childPlaces, nodeBytes, readNode, writeNode, type NodePlace } from '../state/node-codec.js';
import type { Inner, Leaf, Stub } from '../state/node.js';
import { placeKey, type Table } from './tables.js';

/**
 * Tree nodes, so many to a page: a block makes thousands, and one write for each would cost more than hashing them. A page is
 * `count u8 | end u16 of each | nodes`, little more than one page of the store; its key is the block's height and the page's number.
 * A node that was pruned has no bytes and keeps its place, so that the others keep theirs.
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
  const found = nodeAt(table, stub.height, stub.index);
  return found === null ? null : readNode(found.page, found.from, found.to, stub);
}

/** The places of an inner node's children, none for a leaf, null where the node is not stored; without reading the rest of it. */
export function childrenAt(table: Table, height: number, index: number): readonly NodePlace[] | null {
  const found = nodeAt(table, height, index);
  return found === null ? null : childPlaces(found.page, found.from);
}

function nodeAt(table: Table, height: number, index: number): { page: Buffer; from: number; to: number } | null {
  const page = loadPage(table, height, Math.floor(index / NODES_PER_PAGE));
  const place = index % NODES_PER_PAGE;
  if (page === undefined || place >= (page[0] as number)) return null;
  const [from, to] = boundsOf(page, place);
  return from === to ? null : { page, from, to };
}

function boundsOf(page: Buffer, place: number): [from: number, to: number] {
  const body = 1 + 2 * (page[0] as number);
  return [body + (place === 0 ? 0 : page.readUInt16BE(1 + 2 * (place - 1))), body + page.readUInt16BE(1 + 2 * place)];
}

/** Which places of a page hold a node: bit 0 for the first. */
export function heldBits(page: Buffer): number {
  let bits = 0;
  for (let place = 0; place < (page[0] as number); place++) {
    const [from, to] = boundsOf(page, place);
    if (from < to) bits |= 1 << place;
  }
  return bits >>> 0;
}

/** The page without the nodes of these places. */
export function pageWithout(page: Buffer, bits: number): Buffer {
  const count = page[0] as number;
  const body = 1 + 2 * count;
  const left = Buffer.allocUnsafeSlow(page.length);
  left[0] = count;
  let at = body;
  for (let place = 0; place < count; place++) {
    const [from, to] = boundsOf(page, place);
    if (((bits >>> place) & 1) === 0) at += page.copy(left, at, from, to);
    left.writeUInt16BE(at - body, 1 + 2 * place);
  }
  return Buffer.from(left.subarray(0, at));
}
