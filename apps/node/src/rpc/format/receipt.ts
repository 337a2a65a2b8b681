import type { StoredResult } from '#evm';
import { to0x, type Bytes } from '#ledger';
import { bloomOf } from './bloom.js';
import { formatLog, type RpcLog } from './log.js';
import { toQuantity } from './quantity.js';
import type { TransactionSpot } from './transaction.js';

export interface RpcReceipt extends Record<string, unknown> {
  logs: RpcLog[];
}

/** Ethereum's receipt. A reverted transaction has `revertReason` too: the data that it returned, as Besu names it. */
export function formatReceipt(raw: Bytes, result: StoredResult, spot: TransactionSpot): RpcReceipt {
  const { height, blockHash, timeMs, index } = spot;
  const place = { height, blockHash, timeMs, transactionHash: result.transactionHash, transactionIndex: index };
  return {
    type: toQuantity(typeOf(raw)),
    status: toQuantity(result.status),
    transactionHash: to0x(result.transactionHash),
    transactionIndex: toQuantity(index),
    blockHash: to0x(blockHash),
    blockNumber: toQuantity(height),
    from: to0x(result.sender),
    to: result.to === null ? null : to0x(result.to),
    contractAddress: result.contractAddress === null ? null : to0x(result.contractAddress),
    gasUsed: toQuantity(result.gasUsed),
    cumulativeGasUsed: toQuantity(result.cumulativeGasUsed),
    effectiveGasPrice: '0x0',
    logs: result.logs.map((log, offset) => formatLog({ ...log, ...place, logIndex: result.firstLogIndex + offset })),
    logsBloom: to0x(bloomOf(result.logs)),
    ...(result.revertData.length === 0 ? {} : { revertReason: to0x(result.revertData) }),
  };
}

/** EIP-2718: a legacy transaction is an RLP list, whose first byte is at least 0xc0. */
function typeOf(raw: Bytes): number {
  const first = raw[0] ?? 0;
  return first >= 0xc0 ? 0 : first;
}
