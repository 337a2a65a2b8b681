import type { ChainStore } from '#evm';
import { genesisValidators, type HeightContext } from '#ledger';

/** What the height above the head begins with, read from the store: after a start, and after a height without signing. */
export function contextAbove(store: ChainStore): HeightContext {
  const { genesis } = store;
  const head = store.head();
  const validators = genesisValidators(genesis);
  return {
    height: head.height + 1n,
    prevHash: head.hash,
    prevTimeMs: head.timeMs,
    prevCommit: head.certificate,
    prevValidators: head.height === 0n ? null : validators,
    validators,
    params: genesis.params,
    emptyBlocks: emptyBlocks(store, genesis.params.trailingBlocks),
  };
}

/** Empty blocks at the top of the chain, counted up to `limit`, beyond which it does not matter. */
function emptyBlocks(store: ChainStore, limit: number): number {
  let count = 0;
  for (let height = store.head().height; count < limit && height > 0n; height--) {
    if ((store.header(height)?.txCount ?? 0) > 0) return count;
    count += 1;
  }
  return limit;
}
