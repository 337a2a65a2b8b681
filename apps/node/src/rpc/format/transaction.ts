import { decodeTransaction, type AdmittedTransaction, type DecodedTransaction, type StoredResult } from '#evm';
import { to0x, type Bytes } from '#ledger';
import { toQuantity } from './quantity.js';

/** Where a transaction stands, or null while it waits in the pool. */
export interface TransactionSpot {
  height: bigint;
  blockHash: Bytes;
  timeMs: bigint;
  index: number;
}

export type RpcTransaction = Record<string, unknown>;

/** A committed transaction: its sender was recovered once, at admission, and stands in the stored result. */
export function formatCommitted(raw: Bytes, result: StoredResult, spot: TransactionSpot, evmChainId: bigint): RpcTransaction {
  const fields = decodeTransaction(raw);
  return format(fields, { hash: result.transactionHash, sender: result.sender, ...fields.signature }, spot, evmChainId);
}

export function formatPending(transaction: AdmittedTransaction, evmChainId: bigint): RpcTransaction {
  const { hash, sender, signature } = transaction;
  return format(transaction, { hash, sender, ...signature }, null, evmChainId);
}

type Body = Pick<DecodedTransaction, 'type' | 'nonce' | 'gasLimit' | 'to' | 'value' | 'data' | 'accessList' | 'maxFeePerGas' | 'maxPriorityFeePerGas'>;

interface Signed {
  hash: Bytes;
  sender: Bytes;
  v: bigint;
  yParity: 0 | 1;
  r: bigint;
  s: bigint;
}

function format(body: Body, signed: Signed, spot: TransactionSpot | null, evmChainId: bigint): RpcTransaction {
  return {
    blockHash: spot === null ? null : to0x(spot.blockHash),
    blockNumber: spot === null ? null : toQuantity(spot.height),
    blockTimestamp: spot === null ? null : toQuantity(spot.timeMs / 1000n),
    transactionIndex: spot === null ? null : toQuantity(spot.index),
    hash: to0x(signed.hash),
    type: toQuantity(body.type),
    chainId: toQuantity(evmChainId),
    nonce: toQuantity(body.nonce),
    from: to0x(signed.sender),
    to: body.to === null ? null : to0x(body.to),
    value: toQuantity(body.value),
    gas: toQuantity(body.gasLimit),
    input: to0x(body.data),
    ...feesOf(body, spot !== null),
    ...(body.type === 0 ? {} : { accessList: body.accessList.map(({ address, storageKeys }) => ({ address: to0x(address), storageKeys: storageKeys.map(to0x) })), yParity: toQuantity(signed.yParity) }),
    v: toQuantity(signed.v),
    r: toQuantity(signed.r),
    s: toQuantity(signed.s),
  };
}

/** What was offered. Of a committed type 2, `gasPrice` is what was paid per gas, as Geth has it: nothing. */
function feesOf(body: Body, committed: boolean): RpcTransaction {
  if (body.type !== 2) return { gasPrice: toQuantity(body.maxFeePerGas) };
  return {
    gasPrice: toQuantity(committed ? 0 : body.maxFeePerGas),
    maxFeePerGas: toQuantity(body.maxFeePerGas),
    maxPriorityFeePerGas: toQuantity(body.maxPriorityFeePerGas),
  };
}
