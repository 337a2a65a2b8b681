import type { Bytes } from '#ledger';

/** What a leaf of the state tree stands for. */
export type StateKey = { kind: 'account'; address: Bytes } | { kind: 'storage'; address: Bytes; slot: Bytes };

/** One step from a leaf to the root: the bit at which two subtrees part, and the other one's hash. */
export interface ProofStep {
  bit: number;
  sibling: Bytes;
}

/**
 * The path from the root to where the key is, or would be. `leaf` is the leaf that stands there: the key's own (presence), a
 * different one (absence), or null in the empty tree (absence).
 */
export interface StateProof {
  leaf: { keyHash: Bytes; value: Bytes } | null;
  /** From the leaf to the root. */
  steps: readonly ProofStep[];
}
