import { formatBlock } from '../format/block.js';
import { toQuantity } from '../format/quantity.js';
import { formatReceipt } from '../format/receipt.js';
import { method, type CallContext, type Method } from '../method.js';
import { beganLater, blockId, blockNumber, heightOf, type BlockId } from '../params/block-id.js';
import { optional, required, type Read } from '../params/parser.js';
import { count, flag, hash } from '../params/values.js';

const byHash: Read<BlockId> = (value, where) => ({ kind: 'hash', hash: hash(value, where) });

function blockOf({ chain }: CallContext, id: BlockId, whole: boolean): unknown {
  const height = heightOf(chain, id);
  // The snapshot's own block is here, but not what its transactions did.
  if (height !== null && height > 0n && height <= chain.store.base) throw beganLater(chain.store);
  return height === null ? null : formatBlock(chain.store, height, whole);
}

function transactionCountOf({ chain }: CallContext, id: BlockId): string | null {
  const height = heightOf(chain, id);
  if (height === 0n) return '0x0';
  const results = height === null ? null : chain.store.results(height);
  return results === null ? null : toQuantity(results.length);
}

/** There are no uncles: a block has one parent and no rivals. */
function uncleCountOf({ chain }: CallContext, id: BlockId): string | null {
  return heightOf(chain, id) === null ? null : '0x0';
}

function noUncle(_context: CallContext, _block: BlockId, _index: number): null {
  return null;
}

function receiptsOf({ chain }: CallContext, id: BlockId): unknown {
  const height = heightOf(chain, id);
  if (height === 0n) return [];
  const block = height === null ? null : chain.store.block(height);
  const results = height === null ? null : chain.store.results(height);
  const blockHash = height === null ? null : chain.store.blockHashAt(height);
  if (height === null || block === null || results === null || blockHash === null) return null;
  return results.map((result, index) => formatReceipt(block.transactions[index] ?? new Uint8Array(0), result, { height, blockHash, timeMs: block.header.timeMs, index }));
}

export const BLOCK_METHODS: readonly Method[] = [
  method('eth_blockNumber', 'The height of the newest decided block.', [], ({ chain }) => toQuantity(chain.store.head().height)),
  method('eth_getBlockByNumber', 'A block; pending is the newest. The hash is that of our header, and genesis is shown as block 0.',
    [required('block', blockNumber), optional('whole', flag, false)], blockOf),
  method('eth_getBlockByHash', 'A block by its hash.', [required('hash', byHash), optional('whole', flag, false)], blockOf),
  method('eth_getBlockTransactionCountByNumber', 'How many transactions a block has.', [required('block', blockNumber)], transactionCountOf),
  method('eth_getBlockTransactionCountByHash', 'How many transactions a block has.', [required('hash', byHash)], transactionCountOf),
  method('eth_getBlockReceipts', 'All receipts of a block.', [required('block', blockId)], receiptsOf),
  method('eth_getUncleCountByBlockNumber', 'Always 0: there are no uncles.', [required('block', blockNumber)], uncleCountOf),
  method('eth_getUncleCountByBlockHash', 'Always 0: there are no uncles.', [required('hash', byHash)], uncleCountOf),
  method('eth_getUncleByBlockNumberAndIndex', 'Always null: there are no uncles.', [required('block', blockNumber), required('index', count)], noUncle),
  method('eth_getUncleByBlockHashAndIndex', 'Always null: there are no uncles.', [required('hash', byHash), required('index', count)], noUncle),
];
