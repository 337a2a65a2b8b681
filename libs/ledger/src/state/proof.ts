import { compareBytes, equalBytes, type Bytes } from '../encoding/index.js';
import { ACCOUNT_VALUE_BYTES, decodeAccount, storeKeyOf, treeKeyOf, type AccountState, type StateKey } from './keys.js';
import { bitOf, EMPTY_STATE_ROOT, innerNodeHash, leafNodeHash } from './tree-hash.js';

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

export type ProofCheck =
  /** What the state holds: an account, a slot's 32 bytes, or null for nothing (an absent slot reads as zero). */
  | { ok: true; value: Bytes | null; account: AccountState | null }
  | { ok: false; code: 'wrongRoot' | 'wrongPath' | 'badValue'; message: string };

/** Checks a proof against a header's stateRoot. Pure. */
export function verifyStateProof(stateRoot: Bytes, key: StateKey, proof: StateProof): ProofCheck {
  const wanted = treeKeyOf(storeKeyOf(key));
  if (proof.leaf === null) {
    const ok = proof.steps.length === 0 && equalBytes(stateRoot, EMPTY_STATE_ROOT);
    return ok ? { ok: true, value: null, account: null } : { ok: false, code: 'wrongRoot', message: 'only the empty tree proves absence without a leaf' };
  }
  const { keyHash, value } = proof.leaf;
  let hash = leafNodeHash(keyHash, value);
  let below = 256;
  for (const { bit, sibling } of proof.steps) {
    if (!Number.isInteger(bit) || bit < 0 || bit >= below || sibling.length !== 32) return { ok: false, code: 'wrongPath', message: 'the bits of a path fall from the leaf to the root' };
    below = bit;
    const side = bitOf(wanted, bit);
    if (bitOf(keyHash, bit) !== side) return { ok: false, code: 'wrongPath', message: `the path leaves the key at bit ${bit}` };
    hash = side === 0 ? innerNodeHash(bit, hash, sibling) : innerNodeHash(bit, sibling, hash);
  }
  if (!equalBytes(hash, stateRoot)) return { ok: false, code: 'wrongRoot', message: 'the path ends in another root than the header says' };
  if (compareBytes(keyHash, wanted) !== 0) return { ok: true, value: null, account: null };
  return readValue(key, value);
}

function readValue(key: StateKey, value: Bytes): ProofCheck {
  const length = key.kind === 'account' ? ACCOUNT_VALUE_BYTES : 32;
  if (value.length !== length) return { ok: false, code: 'badValue', message: `a value of ${value.length} bytes where ${length} must stand` };
  return { ok: true, value, account: key.kind === 'account' ? decodeAccount(value) : null };
}
