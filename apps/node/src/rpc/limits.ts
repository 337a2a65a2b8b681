/** The bounds within which the server answers. Each refusal names its bound. */
export interface RpcLimits {
  /** Of one HTTP body or WebSocket message. */
  bodyBytes: number;
  batchItems: number;
  /** Of all answers of one batch together, and of one alone: the gateway takes no more than 32 MiB from a node. */
  batchAnswerBytes: number;
  /** A batch begins no call that may take long (executions, searches) after this: with the last one's time the gateway still waits for the answer. */
  batchMs: number;
  /** Calls that are being answered at one time, over all connections. */
  callsInFlight: number;
  /** Blocks that a log query by address or topic may span: an index leads to the few that count. */
  logRangeBlocks: number;
  /** Blocks that a log query without either may span: each is read. */
  openLogRangeBlocks: number;
  /** Logs that one query may answer. */
  logs: number;
  /** Blocks of one `eth_feeHistory`. */
  feeHistoryBlocks: number;
  filters: number;
  /** A filter that nobody polls goes after this. */
  filterTtlMs: number;
  connections: number;
  subscriptionsPerConnection: number;
  /** A WebSocket client that reads more slowly than this much piles up is disconnected. */
  socketBacklogBytes: number;
  /** Longest wait of `stele_sendTransactionAndWait`; also its default. */
  waitMs: number;
}

export const DEFAULT_LIMITS: RpcLimits = {
  bodyBytes: 5 * 1024 * 1024,
  batchItems: 1000,
  batchAnswerBytes: 25 * 1024 * 1024,
  batchMs: 20_000,
  callsInFlight: 5000,
  logRangeBlocks: 100_000,
  openLogRangeBlocks: 5000,
  logs: 10_000,
  feeHistoryBlocks: 1024,
  filters: 1000,
  filterTtlMs: 300_000,
  connections: 1000,
  subscriptionsPerConnection: 100,
  socketBacklogBytes: 16 * 1024 * 1024,
  waitMs: 30_000,
};
