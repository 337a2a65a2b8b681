import type { Bytes, Log } from '#ledger';

/** `eth_getLogs`: both heights included. */
export interface LogFilter {
  fromHeight: bigint;
  toHeight: bigint;
  /** Any of these; none given means every address. */
  addresses?: readonly Bytes[];
  /** By position: null matches anything, a list any of its members; a log with fewer topics than the filter never matches. */
  topics?: readonly (readonly Bytes[] | null)[];
  /** The most logs to return; default 10,000. */
  limit?: number;
  /** The most that the data of the logs of more than one block may be; default 8 MiB. */
  bytes?: number;
}

export interface LogEntry extends Log {
  height: bigint;
  blockHash: Bytes;
  timeMs: bigint;
  transactionHash: Bytes;
  transactionIndex: number;
  /** Position in the block. */
  logIndex: number;
}
