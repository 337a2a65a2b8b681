import type { Genesis } from '#ledger';
import type { ChainStore } from './chain-store.js';

export interface OpenOptions {
  genesis: Genesis;
}

/**
 * Opens the store in `folder`, creating it with the genesis state when it is empty.
 * @throws EvmError `wrongGenesis` when the folder holds another chain, `damagedStore`.
 */
export declare function openChainStore(folder: string, options: OpenOptions): Promise<ChainStore>;
