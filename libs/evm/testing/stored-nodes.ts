import type { NodePlace } from '../src/state/node-codec.js';
import { oldestState } from '../src/store/history.js';
import { HEAD_KEY, BASE_KEY } from '../src/store/lmdb-chain-store.js';
import { childrenAt, heldBits } from '../src/store/node-pages.js';
import { countBits, PageBits } from '../src/store/page-bits.js';
import { storedRoot } from '../src/store/roots.js';
import { openTables, type Tables } from '../src/store/tables.js';

export interface NodeCensus {
  /** Nodes of the states that the store answers. */
  needed: number;
  /** Of these, how many are not there, or on the list of dead ones. */
  missing: number;
  /** Nodes that no such state has, and that are not on the list. */
  leaked: number;
  /** Nodes on the list that still take room. */
  listed: number;
}

/** Counts the tree nodes of a closed store against what its states need. */
export async function censusOf(folder: string): Promise<NodeCensus> {
  const tables = openTables(folder);
  try {
    return count(tables);
  } finally {
    await tables.root.close();
  }
}

function count(tables: Tables): NodeCensus {
  const needed = new PageBits();
  const heightOf = (key: Buffer): bigint => tables.meta.get(key)?.readBigUInt64BE(0) ?? 0n;
  const [head, oldest] = [heightOf(HEAD_KEY), oldestState(tables, heightOf(BASE_KEY))];
  let missing = 0;
  const visit = (place: NodePlace): void => {
    if (needed.has(place)) return;
    needed.add(place);
    const children = childrenAt(tables.nodes, place.height, place.index);
    if (children === null) missing += 1;
    children?.forEach(visit);
  };
  for (let height = 0n; height <= head; height++) {
    if (height > 0n && height < oldest) continue;
    const root = storedRoot(tables, height);
    if (root !== null) visit(root);
  }
  let leaked = 0;
  let listed = 0;
  for (const { key, value } of tables.nodes.getRange({})) {
    const [height, page] = [Number(key.readBigUInt64BE(0)), key.readUInt32BE(8)];
    const dead = tables.dead.get(key)?.readUInt32BE(0) ?? 0;
    const held = heldBits(Buffer.from(value));
    const wanted = needed.bitsOf(height, page);
    missing += countBits(dead & wanted);
    leaked += countBits(held & ~wanted & ~dead);
    listed += countBits(held & dead);
  }
  return { needed: [...needed].reduce((sum, [, , bits]) => sum + countBits(bits), 0), missing, leaked, listed };
}

