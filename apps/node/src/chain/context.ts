import type { ChainStore } from '#evm';
import { equalBytes, evidenceKey, evidenceRoot, MAX_EVIDENCE_AGE_HEIGHTS, type Accused, type HeightContext } from '#ledger';

/** What the height above the head begins with, read from the store: after a start, and after a height without signing. */
export function contextAbove(store: ChainStore): HeightContext {
  const head = store.head();
  const params = store.paramsAt(head.height + 1n);
  return {
    height: head.height + 1n,
    prevHash: head.hash,
    prevTimeMs: head.timeMs,
    prevCommit: head.certificate,
    prevValidators: head.height === 0n ? null : store.validatorsAt(head.height),
    validators: store.validatorsAt(head.height + 1n),
    params,
    emptyBlocks: emptyBlocks(store, params.trailingBlocks),
    accused: accusedBelow(store, head.height + 1n),
  };
}

/** What the blocks below a height hold against validators, as far back as it matters and blocks are here. */
function accusedBelow(store: ChainStore, height: bigint): Accused {
  const nothing = evidenceRoot([]);
  const heights = new Map<string, bigint>();
  let from = height;
  while (from > 1n && from + MAX_EVIDENCE_AGE_HEIGHTS > height) {
    const header = store.header(from - 1n);
    if (header === null) break;
    const isEmpty = equalBytes(header.evidenceRoot, nothing);
    // Of some heights below a snapshot there are headers only: what such a block holds is not known here.
    const block = isEmpty ? null : store.block(from - 1n);
    if (!isEmpty && block === null) break;
    from -= 1n;
    for (const evidence of block?.evidence ?? []) heights.set(evidenceKey(evidence), from);
  }
  return { from, heights };
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
