import type { Bytes } from '#ledger';
import { EvmError } from '../errors.js';
import type { RootPlace } from '../state/head-tree.js';
import { textOf, type Stub } from '../state/node.js';
import { heightKey, ownBytes, type Tables } from './tables.js';

export type Root = RootPlace & { hash: Bytes };

/** The root of the state's tree after a block; null where that state is empty. @throws EvmError `unknownHeight`. */
export function storedRoot(tables: Tables, height: bigint): Root | null {
  const stored = tables.roots.get(heightKey(height));
  if (stored === undefined) throw new EvmError('unknownHeight', `no state is kept for height ${height}`);
  if (stored.length === 32) return null;
  return { hash: ownBytes(stored.subarray(0, 32)), height: Number(stored.readBigUInt64BE(32)), index: stored.readUInt32BE(40) };
}

export function stubOf(root: Root | null): Stub | null {
  return root === null ? null : { kind: 'stub', hash: textOf(root.hash), height: root.height, index: root.index };
}
