import type { LogEntry } from '#evm';
import { to0x } from '#ledger';
import { toQuantity } from './quantity.js';

export interface RpcLog {
  address: string;
  topics: string[];
  data: string;
  blockNumber: string;
  blockHash: string;
  blockTimestamp: string;
  transactionHash: string;
  transactionIndex: string;
  logIndex: string;
  /** Always false: what is decided stays. */
  removed: false;
}

export function formatLog(entry: LogEntry): RpcLog {
  return {
    address: to0x(entry.address),
    topics: entry.topics.map(to0x),
    data: to0x(entry.data),
    blockNumber: toQuantity(entry.height),
    blockHash: to0x(entry.blockHash),
    blockTimestamp: toQuantity(entry.timeMs / 1000n),
    transactionHash: to0x(entry.transactionHash),
    transactionIndex: toQuantity(entry.transactionIndex),
    logIndex: toQuantity(entry.logIndex),
    removed: false,
  };
}
