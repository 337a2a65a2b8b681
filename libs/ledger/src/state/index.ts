/** What a state holds and how a part of it is proven against a header's stateRoot; docs/spec/state.md. */
export { decodeAccount, encodeAccount, storeKeyOf, treeKeyOf, ACCOUNT_VALUE_BYTES, type AccountState, type StateKey } from './keys.js';
export { verifyStateProof, type ProofCheck, type ProofStep, type StateProof } from './proof.js';
export { EMPTY_STATE_ROOT, innerNodeHash, leafNodeHash } from './tree-hash.js';
