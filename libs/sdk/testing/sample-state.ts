import { buildStateDocument, encodeAccount, innerNodeHash, leafNodeHash, storeKeyOf, treeKeyOf, ZERO_HASH, type AccountState, type Bytes, type StateDocument, type StateKey, type StateProof } from '#ledger';
import type { SampleChain } from './sample-chain.js';

interface Leaf {
  key: Bytes;
  value: Bytes;
}

const bit = (key: Bytes, n: number): number => ((key[n >> 3] as number) >> (7 - (n & 7))) & 1;

/** A state tree by the words of docs/spec/state.md, over a handful of leaves: nothing of the node's own code. */
export class SampleState {
  private readonly leaves: Leaf[] = [];

  account(address: Bytes, account: AccountState): this {
    this.leaves.push({ key: treeKeyOf(storeKeyOf({ kind: 'account', address })), value: encodeAccount(account) });
    return this;
  }

  slot(address: Bytes, slot: Bytes, value: Bytes): this {
    this.leaves.push({ key: treeKeyOf(storeKeyOf({ kind: 'storage', address, slot })), value });
    return this;
  }

  get root(): Bytes {
    return hashOf(this.leaves);
  }

  prove(key: StateKey): StateProof {
    const wanted = treeKeyOf(storeKeyOf(key));
    const steps: { bit: number; sibling: Bytes }[] = [];
    let below = this.leaves;
    while (below.length > 1) {
      const at = parting(below);
      const side = bit(wanted, at);
      steps.unshift({ bit: at, sibling: hashOf(below.filter((leaf) => bit(leaf.key, at) !== side)) });
      below = below.filter((leaf) => bit(leaf.key, at) === side);
    }
    const [leaf] = below;
    return { leaf: leaf === undefined ? null : { keyHash: leaf.key, value: leaf.value }, steps };
  }

  /** A document of the sample chain's block, whose header is given this state. */
  document(chain: SampleChain, address: Bytes, slots: readonly Bytes[]): StateDocument {
    const header = { ...chain.header, stateRoot: this.root };
    const certificate = chain.certifyHeader(header);
    return buildStateDocument({
      genesis: chain.genesis, header, certificate, validatorChanges: chain.changes, address, account: this.prove({ kind: 'account', address }),
      storage: slots.map((slot) => ({ slot, proof: this.prove({ kind: 'storage', address, slot }) })),
    });
  }
}

/** The first bit in which the keys differ. */
function parting(leaves: readonly Leaf[]): number {
  for (let n = 0; n < 256; n++) if (new Set(leaves.map(({ key }) => bit(key, n))).size > 1) return n;
  throw new Error('two leaves have one key');
}

function hashOf(leaves: readonly Leaf[]): Bytes {
  const [first] = leaves;
  if (first === undefined) return ZERO_HASH;
  if (leaves.length === 1) return leafNodeHash(first.key, first.value);
  const at = parting(leaves);
  return innerNodeHash(at, hashOf(leaves.filter(({ key }) => bit(key, at) === 0)), hashOf(leaves.filter(({ key }) => bit(key, at) === 1)));
}
