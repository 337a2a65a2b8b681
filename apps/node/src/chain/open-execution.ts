import { join } from 'node:path';
import { createExecutor, openChainStore, type ChainStore, type Executor } from '#evm';
import type { ChainOptions } from './chain.js';

/** The chain's store with what executes on it. Where it can no longer prune old states, the node works on and says so. */
export async function openExecution({ dataFolder, genesis, history = 'archive', program, logger }: ChainOptions): Promise<{ store: ChainStore; executor: Executor }> {
  const folder = join(dataFolder, 'chain');
  const pruningFailed = (error: unknown): void =>
    logger.error('states of earlier blocks can no longer be pruned: the chain goes on, and its disk fills', { error: error instanceof Error ? error.message : String(error) });
  const store = await openChainStore(folder, { genesis, history, pruningFailed });
  return { store, executor: await createExecutor({ store, ...(program === undefined ? {} : { threads: { folder, file: program } }) }) };
}
