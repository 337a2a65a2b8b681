import type { ChainStore, StoredResult } from '#evm';
import { sha256, to0x, ZERO_HASH, type Block, type Bytes } from '#ledger';
import { bloomOf } from './bloom.js';
import { toQuantity } from './quantity.js';
import { formatCommitted, type RpcTransaction } from './transaction.js';

/** Keccak-256 of the RLP of an empty list: there are no uncles. */
const NO_UNCLES = '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347';
const ZERO_ADDRESS = to0x(new Uint8Array(20));

export type RpcHeader = Record<string, string>;

export interface RpcBlock extends Record<string, unknown> {
  transactions: string[] | RpcTransaction[];
}

/** Header of the block at this height in Ethereum's words, or null. Genesis, which is no block of ours, is shown as block 0. */
export function formatHeader(store: ChainStore, height: bigint): RpcHeader | null {
  if (height === 0n) return genesisHeader(store);
  const block = store.block(height);
  const results = store.results(height);
  return block === null || results === null ? null : headerOf(store, block, results);
}

/** The block at this height, its transactions whole or as hashes; null when there is none. */
export function formatBlock(store: ChainStore, height: bigint, whole: boolean): RpcBlock | null {
  const block = height === 0n ? null : store.block(height);
  const results = height === 0n ? [] : store.results(height);
  if ((block === null && height !== 0n) || results === null) return null;
  const header = block === null ? genesisHeader(store) : headerOf(store, block, results);
  const blockBytes = store.blockBytes(height);
  return {
    ...header,
    size: toQuantity(blockBytes?.length ?? 0),
    uncles: [],
    transactions: block === null || !whole ? results.map(({ transactionHash }) => to0x(transactionHash)) : wholeTransactions(store, block, results),
  };
}

function wholeTransactions(store: ChainStore, block: Block, results: readonly StoredResult[]): RpcTransaction[] {
  const { height, timeMs } = block.header;
  const blockHash = store.blockHashAt(height);
  if (blockHash === null) return [];
  return results.map((result, index) => formatCommitted(block.transactions[index] as Bytes, result, { height, blockHash, timeMs, index }, store.genesis.evmChainId));
}

/** Our header has other fields: what Ethereum's has beyond them is computed or constant. The hash is of our header. */
function headerOf(store: ChainStore, { header }: Block, results: readonly StoredResult[]): RpcHeader {
  const { height, prevHash, timeMs } = header;
  return {
    ...constants(store, height),
    number: toQuantity(height),
    hash: to0x(store.blockHashAt(height) ?? ZERO_HASH),
    parentHash: to0x(prevHash),
    timestamp: toQuantity(timeMs / 1000n),
    stateRoot: to0x(header.stateRoot),
    transactionsRoot: to0x(header.txRoot),
    receiptsRoot: to0x(header.receiptsRoot),
    gasUsed: toQuantity(results.at(-1)?.cumulativeGasUsed ?? 0n),
    logsBloom: to0x(bloomOf(results.flatMap(({ logs }) => logs))),
    mixHash: to0x(prevRandao(prevHash, height)),
  };
}

/** RFC 6962's root of no leaves. */
const EMPTY_ROOT = to0x(sha256());

function genesisHeader(store: ChainStore): RpcHeader {
  return {
    ...constants(store, 0n),
    number: '0x0',
    hash: to0x(store.genesisHash),
    parentHash: to0x(ZERO_HASH),
    timestamp: toQuantity(store.genesis.timeMs / 1000n),
    stateRoot: to0x(store.state(0n).root()),
    transactionsRoot: EMPTY_ROOT,
    receiptsRoot: EMPTY_ROOT,
    gasUsed: '0x0',
    logsBloom: to0x(bloomOf([])),
    mixHash: to0x(ZERO_HASH),
  };
}

function constants(store: ChainStore, height: bigint): RpcHeader {
  return {
    sha3Uncles: NO_UNCLES,
    miner: ZERO_ADDRESS,
    difficulty: '0x0',
    totalDifficulty: '0x0',
    nonce: '0x0000000000000000',
    extraData: '0x',
    gasLimit: toQuantity(store.paramsAt(height).blockGasLimit),
    baseFeePerGas: '0x0',
  };
}

/** What PREVRANDAO answers in that block: SHA-256(prevHash ‖ height u64). */
function prevRandao(prevHash: Bytes, height: bigint): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, height);
  return sha256(prevHash, bytes);
}
