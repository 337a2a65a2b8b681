import type { Bytes, Log } from '#ledger';

/** One call of a transaction, and those within it: what Geth's callTracer tells. */
export interface CallFrame {
  type: 'CALL' | 'CALLCODE' | 'DELEGATECALL' | 'STATICCALL' | 'CREATE' | 'CREATE2' | 'SELFDESTRUCT';
  from: Bytes;
  /** Null where a creation failed. */
  to: Bytes | null;
  /** Null under STATICCALL. */
  value: bigint | null;
  gas: bigint;
  gasUsed: bigint;
  input: Bytes;
  output: Bytes;
  error: string | null;
  calls: CallFrame[];
  /** Empty where nobody asked for logs, and in a frame that failed or stands in one that did. */
  logs: FrameLog[];
}

export interface FrameLog extends Log {
  /** How many calls the frame had made by then. */
  position: number;
  /** Its place among the transaction's logs: those that were lost do not count. */
  index: number;
}

export interface TraceOptions {
  onlyTopCall: boolean;
  withLog?: boolean;
  /** Wall clock; at most the executor's limit for calls times six. */
  timeoutMs?: number;
}
