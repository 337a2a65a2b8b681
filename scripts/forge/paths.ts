import { inclusionProof, merkleRoot, to0x, verifyInclusion, type Bytes } from '#ledger';
import { Prng } from '../../libs/ledger/sim/prng.js';
import { changeBytes, changeList, randomBytes } from './change-bytes.js';
import type { Forgery } from './forgery.js';

const MAX_LEAVES = 40;

/** Audit paths of trees of every size up to 40: leaf, index, path. The number of leaves and the root are the certified header's. */
export function pathForgery(weight: number): Forgery {
  const random = new Prng(1);
  const trees = Array.from({ length: MAX_LEAVES }, (_, n) => Array.from({ length: n + 1 }, () => randomBytes(random, random.below(200))));
  const roots = trees.map(merkleRoot);
  const proofs = trees.map((leaves) => leaves.map((_, i) => inclusionProof(leaves, i)));
  return {
    name: 'tree paths',
    weight,
    acceptsTruth: () => trees.every((leaves, t) => leaves.every((leaf, i) => verifyInclusion(leaf, i, leaves.length, proofs[t]?.[i] as Bytes[], roots[t] as Bytes))),
    attempt: (dice) => {
      const t = dice.below(trees.length);
      const [leaves, root] = [trees[t] as Bytes[], roots[t] as Bytes];
      const index = dice.below(leaves.length);
      const path = proofs[t]?.[index] as Bytes[];
      const changed = { leaf: leaves[index] as Bytes, index, path };
      const what = dice.below(4);
      if (what === 0) changed.leaf = dice.chance(0.2) ? innerAsLeaf(path) : changeBytes(dice, changed.leaf);
      else if (what === 1) changed.index = dice.pick([index + 1, index - 1, index ^ (1 << dice.below(6)), dice.below(2 ** 32), index + 0.5]);
      else if (what === 2) changed.path = changeList(dice, path, (one) => changeBytes(dice, one), () => randomBytes(dice, 32));
      else changed.path = proofs[t]?.[dice.below(leaves.length)] as Bytes[];
      const text = (one: typeof changed): string => `${one.index} ${to0x(one.leaf)} ${one.path.map(to0x).join()}`;
      // A changed index is no other proof where leaf and path are those of that index.
      if (text(changed) === text({ leaf: leaves[index] as Bytes, index, path })) return 'true';
      return verifyInclusion(changed.leaf, changed.index, leaves.length, changed.path, root) ? { accepted: `${leaves.length} leaves: ${text(changed)}` } : 'refused';
    },
  };
}

/** Two hashes one after another: what an inner node is made of, offered as a leaf (CVE-2017-12842). */
function innerAsLeaf(path: readonly Bytes[]): Bytes {
  return Uint8Array.of(...(path[0] ?? new Uint8Array(32)), ...(path[1] ?? new Uint8Array(32)));
}
