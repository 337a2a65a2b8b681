import type { Bytes } from '#ledger';

/** One call of a transaction, and those within it: what Geth's callTracer tells. */
export interface CallFrame {
  type: 'CALL' | 'CALLCODE' | 'DELEGATECALL' | 'STATICCALL' | 'CREATE' | 'CREATE2';
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
}

export interface TraceOptions {
  onlyTopCall: boolean;
  /** Wall clock; at most the executor's limit for calls times six. */
  timeoutMs?: number;
}
