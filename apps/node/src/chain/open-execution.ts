import { join } from 'node:path';
import { createExecutor, openChainStore, type ChainStore, type Executor } from '#evm';
import type { Genesis } from '#ledger';
import type { Logger } from '../log/logger.js';

export interface ExecutionOptions {
  genesis: Genesis;
  dataFolder: string;
  /** Of how many blocks below the head the states are kept; all where it is not said. */
  history?: number | 'archive';
  /** This program's own file, from which it starts threads that execute contracts; without it they run on this one. */
  program?: string | undefined;
  logger: Logger;
}

/** The chain's store with what executes on it. Where it can no longer prune old states, the node works on and says so. */
export async function openExecution({ dataFolder, genesis, history = 'archive', program, logger }: ExecutionOptions): Promise<{ store: ChainStore; executor: Executor }> {
  const folder = join(dataFolder, 'chain');
  const pruningFailed = (error: unknown): void =>
    logger.error('states of earlier blocks can no longer be pruned: the chain goes on, and its disk fills', { error: error instanceof Error ? error.message : String(error) });
  const store = await openChainStore(folder, { genesis, history, pruningFailed });
  return { store, executor: await createExecutor({ store, ...(program === undefined ? {} : { threads: { folder, file: program } }) }) };
}
