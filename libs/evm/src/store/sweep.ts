import { EvmError } from '../errors.js';
import type { NodePlace } from '../state/node-codec.js';
import { childrenAt, heldBits } from './node-pages.js';
import { PageBits } from './page-bits.js';
import { storedRoot } from './roots.js';
import { placeKey, type Tables } from './tables.js';

/** Which nodes the states from `from` to below `to` have, and no state from `to` on. */
export interface Span {
  from: bigint;
  to: bigint;
}

/**
 * Finds the nodes that only the states of a span have. Nodes never change and never come back: what the tree of `to` does not have,
 * no later one has. So it is enough to look at three things: the part of that tree that is newer than the span's beginning, which
 * ends in older nodes that are kept whole; the pages that the span's blocks have written; and the tree of the beginning, as far down
 * as it is not kept. The state of genesis stays: its nodes are never dead.
 *
 * A generator that writes nothing: it yields every so many nodes, so that others have their turn. Memory: bits for each page of the span.
 */
export function* deadNodes(tables: Tables, { from, to }: Span): Generator<void, PageBits> {
  const first = Number(from);
  const live = new PageBits();
  const kept = new PageBits();
  yield* walk(tables, to, (place) => {
    if (place.height > first) live.add(place);
    else kept.add(place);
    return place.height > first;
  });
  const dead = new PageBits();
  yield* deadInSpan(tables, { from, to }, live, dead);
  yield* walk(tables, from, (place) => {
    if (place.height === 0 || kept.has(place)) return false;
    dead.add(place);
    return true;
  });
  return dead;
}

/** All that the blocks between have made, but for what the last tree has. Their pages are whole: they are listed here first. */
function* deadInSpan(tables: Tables, { from, to }: Span, live: PageBits, dead: PageBits): Generator<void, void> {
  for (let height = from + 1n; height < to; height++) {
    for (let number = 0; ; number++) {
      const page = tables.nodes.getBinaryFast(placeKey(height, number));
      if (page === undefined) break;
      const bits = (heldBits(page) & ~live.bitsOf(Number(height), number)) >>> 0;
      if (bits !== 0) dead.addBits(Number(height), number, bits);
      yield;
    }
  }
}

/** Goes down the tree of a height as far as `enter` says. */
function* walk(tables: Tables, height: bigint, enter: (place: NodePlace) => boolean): Generator<void, void> {
  const root = storedRoot(tables, height);
  const open: NodePlace[] = root === null ? [] : [root];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    if (!enter(place)) continue;
    const children = childrenAt(tables.nodes, place.height, place.index);
    if (children === null) throw new EvmError('damagedStore', `tree node ${place.height}/${place.index} is missing`);
    open.push(...children);
    yield;
  }
}
