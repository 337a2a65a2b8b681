import { NODES_PER_PAGE } from './node-pages.js';
import type { NodePlace } from '../state/node-codec.js';

/** A set of places of nodes: 32 bits for each page that has any. */
export class PageBits {
  private readonly byHeight = new Map<number, Map<number, number>>();
  /** How many pages have any. */
  pages = 0;

  add({ height, index }: NodePlace): void {
    this.addBits(height, Math.floor(index / NODES_PER_PAGE), 1 << index % NODES_PER_PAGE);
  }

  addBits(height: number, page: number, bits: number): void {
    let pages = this.byHeight.get(height);
    if (pages === undefined) this.byHeight.set(height, (pages = new Map()));
    const before = pages.get(page);
    if (before === undefined) this.pages += 1;
    pages.set(page, ((before ?? 0) | bits) >>> 0);
  }

  has({ height, index }: NodePlace): boolean {
    return ((this.bitsOf(height, Math.floor(index / NODES_PER_PAGE)) >>> index % NODES_PER_PAGE) & 1) === 1;
  }

  bitsOf(height: number, page: number): number {
    return this.byHeight.get(height)?.get(page) ?? 0;
  }

  *[Symbol.iterator](): Generator<[height: number, page: number, bits: number]> {
    for (const [height, pages] of this.byHeight) for (const [page, bits] of pages) yield [height, page, bits];
  }
}

export function countBits(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
