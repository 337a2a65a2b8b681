import type { ChainStore } from '../store/chain-store.js';
import type { Executor } from './executor.js';

export interface ExecutorOptions {
  store: ChainStore;
  /** Most gas of an `eth_call`; default 50 million. */
  callGasLimit?: bigint;
}

/** An executor over an open store. One per store: it owns the writes. */
export declare function createExecutor(options: ExecutorOptions): Promise<Executor>;
