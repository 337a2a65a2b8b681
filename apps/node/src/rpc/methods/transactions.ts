import { keccak256, type TransactionPlace } from '#evm';
import { to0x, type Bytes } from '#ledger';
import { CODES, RpcError, serverError } from '../errors.js';
import { formatReceipt, type RpcReceipt } from '../format/receipt.js';
import { formatCommitted, formatPending } from '../format/transaction.js';
import { method, type CallContext, type Method } from '../method.js';
import { blockNumber, heightOf, type BlockId } from '../params/block-id.js';
import { optional, required, wrong, type Read } from '../params/parser.js';
import { count, data, hash } from '../params/values.js';

function atIndex({ chain }: CallContext, id: BlockId, index: number): unknown {
  const height = heightOf(chain, id);
  if (height === null || height === 0n) return null;
  const block = chain.store.block(height);
  const raw = block?.transactions[index];
  const result = chain.store.results(height)?.[index];
  const blockHash = chain.store.blockHashAt(height);
  if (block === null || raw === undefined || result === undefined || blockHash === null) return null;
  return formatCommitted(raw, result, { height, blockHash, timeMs: block.header.timeMs, index }, chain.store.genesis.evmChainId);
}

function byHash({ chain, backend }: CallContext, transactionHash: Bytes): unknown {
  const { evmChainId } = chain.store.genesis;
  const place = chain.store.transaction(transactionHash);
  if (place !== null) return formatCommitted(place.raw, place.result, place, evmChainId);
  const waiting = backend.pendingTransaction(transactionHash);
  return waiting === null ? null : formatPending(waiting, evmChainId);
}

function receiptOf({ raw, result, ...spot }: TransactionPlace): RpcReceipt {
  return formatReceipt(raw, result, spot);
}

function submit({ backend, chain }: CallContext, raw: Bytes): Promise<Bytes> {
  // Reading the chain answers a node without genesis with the right error, before anything is submitted.
  void chain;
  const { phase, reason } = backend.consensusStatus();
  if (phase === 'halted') throw serverError(`this node has halted and takes no transactions: ${reason ?? 'its log says why'}`);
  return backend.submit(raw);
}

/**
 * Sends, and answers with the receipt; also of what is committed already: who was not answered, or whose node died, sends again.
 * @throws RpcError code 4 with the hash when it is not committed in time (EIP-7966).
 */
async function sendAndWait(context: CallContext, raw: Bytes, timeoutMs: number | null): Promise<RpcReceipt> {
  const { hub, limits } = context;
  const waitMs = Math.min(timeoutMs ?? limits.waitMs, limits.waitMs);
  const transactionHash = await submit(context, raw).catch((error: unknown) => {
    const hash = keccak256(raw);
    if (!context.chain.store.has(hash)) throw error;
    return hash;
  });
  const place = await hub.waitFor(transactionHash, waitMs);
  if (place !== null) return receiptOf(place);
  throw new RpcError(CODES.notCommittedYet, `the transaction was taken but not committed within ${waitMs} ms: ask for its receipt later`, to0x(transactionHash));
}

const timeout: Read<number | null> = (value, where) => {
  const waitMs = count(value, where);
  if (waitMs === 0) throw wrong(where, 'must be at least 1 ms');
  return waitMs;
};

const hashOfBlock: Read<BlockId> = (value, where) => ({ kind: 'hash', hash: hash(value, where) });

export const TRANSACTION_METHODS: readonly Method[] = [
  method('eth_sendRawTransaction', 'Takes a signed transaction of type 0, 1 or 2; answers its hash once f+1 validators hold it.',
    [required('transaction', data)], async (context, raw) => to0x(await submit(context, raw))),
  method('stele_sendTransactionAndWait', 'Takes a signed transaction and answers its receipt once it is committed; error 4 with the hash when that takes longer than timeoutMs.',
    [required('transaction', data), optional('timeoutMs', timeout, null)], sendAndWait),
  method('eth_sendRawTransactionSync', 'EIP-7966: the same as stele_sendTransactionAndWait.',
    [required('transaction', data), optional('timeoutMs', timeout, null)], sendAndWait),
  method('eth_getTransactionByHash', 'A committed transaction, or one that waits in this node’s pool.', [required('hash', hash)], byHash),
  method('eth_getTransactionByBlockHashAndIndex', 'A transaction by its place.', [required('blockHash', hashOfBlock), required('index', count)], atIndex),
  method('eth_getTransactionByBlockNumberAndIndex', 'A transaction by its place.', [required('block', blockNumber), required('index', count)], atIndex),
  method('eth_getTransactionReceipt', 'The receipt; a reverted transaction’s has revertReason, the data that it returned.', [required('hash', hash)], ({ chain }, transactionHash) => {
    const place = chain.store.transaction(transactionHash);
    return place === null ? null : receiptOf(place);
  }),
];
