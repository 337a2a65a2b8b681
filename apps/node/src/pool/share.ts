/** What the accounts of one member hold of the pool; those of nobody together count as one member. */
export interface Share {
  transactions: number;
  /** Of them behind a gap: no block can take them, so that they would stay whatever the chain does. */
  gapped: number;
  bytes: number;
}

/** How many times what is still free of the pool a share may be. What a peer has taken in is given more room, as each node counts for itself. */
const TIMES_FREE = {
  client: { all: 3, gapped: 0.5 },
  peer: { all: 6, gapped: 1 },
} as const;

/** One transaction, or what a larger one has more than the one that it replaces. */
export interface Growth {
  transactions: 0 | 1;
  bytes: number;
  isGapped: boolean;
}

/**
 * Whether a share may grow: bounded by what is free, so that one member alone has the most of the pool, several have equal parts, and
 * whoever comes always finds room (dynamic thresholds: Choudhury and Hahne, 1998).
 * @param free of the whole pool.
 */
export function mayGrow(share: Share, free: { transactions: number; bytes: number }, { transactions, bytes, isGapped }: Growth, from: 'client' | 'peer'): boolean {
  const times = TIMES_FREE[from];
  if (free.transactions < transactions || free.bytes < bytes) return false;
  if (isGapped && share.gapped >= times.gapped * free.transactions) return false;
  return (transactions === 0 || share.transactions < times.all * free.transactions) && share.bytes <= times.all * (free.bytes - bytes);
}
