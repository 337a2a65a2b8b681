import { equalBytes, to0x, type Bytes } from '#ledger';
import type { ChainAccess } from '../backend.js';
import { serverError } from '../errors.js';
import { field, fieldsOf, kindOf, wrong, type Read } from './parser.js';
import { flag, hash, quantity64 } from './values.js';

/** Which block a call is about. Finality is at once, so latest, safe and finalized are one block. */
export type BlockId =
  | { kind: 'latest' }
  /** The newest block, and the pool where a call can see it. */
  | { kind: 'pending' }
  | { kind: 'height'; height: bigint }
  | { kind: 'hash'; hash: Bytes };

export const LATEST: BlockId = { kind: 'latest' };

const TAGS: Record<string, BlockId> = {
  latest: LATEST,
  safe: LATEST,
  finalized: LATEST,
  pending: { kind: 'pending' },
  earliest: { kind: 'height', height: 0n },
};

/** A tag or a height. */
export const blockNumber: Read<BlockId> = (value, where) => {
  const tag = typeof value === 'string' && Object.hasOwn(TAGS, value) ? TAGS[value] : undefined;
  if (tag !== undefined) return tag;
  if (typeof value !== 'string' || !value.startsWith('0x')) {
    throw wrong(where, `must be a hex quantity, latest, pending, safe, finalized or earliest, is ${kindOf(value)}`);
  }
  return { kind: 'height', height: quantity64(value, where) };
};

/** A tag, a height, a block hash, or EIP-1898's `{ blockNumber }` or `{ blockHash, requireCanonical }`. */
export const blockId: Read<BlockId> = (value, where) => {
  if (typeof value === 'string') return value.length === 66 && value.startsWith('0x') ? { kind: 'hash', hash: hash(value, where) } : blockNumber(value, where);
  // A number in JSON is what people send who mean a height.
  if (typeof value !== 'object' || value === null) return blockNumber(value, where);
  const fields = fieldsOf(value, where);
  const height = field(fields, 'blockNumber', where, blockNumber);
  const blockHash = field(fields, 'blockHash', where, hash);
  // Every block here is canonical, so the wish is met by reading it.
  field(fields, 'requireCanonical', where, flag);
  if (height !== undefined && blockHash !== undefined) throw wrong(where, 'cannot specify both blockHash and blockNumber, choose one or the other');
  if (blockHash !== undefined) return { kind: 'hash', hash: blockHash };
  if (height !== undefined) return height;
  throw wrong(where, 'has neither blockNumber nor blockHash');
};

/** The height that is meant, or null when there is no such block. Height 0 is genesis. */
export function heightOf({ store }: ChainAccess, id: BlockId): bigint | null {
  const head = store.head().height;
  if (id.kind === 'hash') return equalBytes(id.hash, store.genesisHash) ? 0n : store.heightOf(id.hash);
  if (id.kind === 'height' && id.height > 0n && id.height < store.base) throw beganLater(store);
  if (id.kind === 'height') return id.height <= head ? id.height : null;
  return head;
}

/** For what is older than a node that began from a snapshot. */
export function beganLater({ base }: ChainAccess['store']): Error {
  return serverError(`this node began from a snapshot at height ${base}: it has no blocks, receipts or logs up to there, and no older state. Ask a node that began from genesis`);
}

/** As `heightOf`, for calls that read the state there. @throws RpcError -32000 as Geth. */
export function stateHeightOf(chain: ChainAccess, id: BlockId): bigint {
  const height = heightOf(chain, id);
  if (height !== null) return height;
  throw serverError(id.kind === 'hash' ? `header for hash not found: ${to0x(id.hash)}` : 'header not found');
}
