import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { equalBytes, fromHex, toHex, type Bytes } from '../encoding/index.js';
import { seeded } from '../../testing/seed.js';
import { inclusionProof, leafHash, merkleRoot, verifyInclusion } from './tree.js';

// The leaves and heads of Certificate Transparency's reference tests (merkle_tree_test.cc), which every RFC 6962 library repeats.
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(fromHex);
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
// Audit paths of the same tests: [leaf (from 0), tree size, path].
const PATHS: [number, number, string[]][] = [
  [0, 1, []],
  [0, 8, ['96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7', '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e', '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4']],
  [5, 8, ['bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b', 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7']],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [1, 5, ['6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d', '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e', 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b']],
];

/** The definition of RFC 6962 section 2.1, written down a second time, on Node's hash alone. */
function mth(leaves: readonly Bytes[]): Bytes {
  const h = (...parts: Bytes[]): Bytes => new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());
  if (leaves.length === 0) return h();
  if (leaves.length === 1) return h(Uint8Array.of(0), leaves[0] as Bytes);
  const k = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1);
  return h(Uint8Array.of(1), mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

const leaves = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 70 });
const leavesAndIndex = leaves.chain((list) => fc.tuple(fc.constant(list), fc.nat(list.length - 1)));

describe('RFC 6962 section 2.1: tree head', () => {
  it.each(ROOTS.map((root, count) => ({ count, root })))('of the first $count reference leaves', ({ count, root }) => {
    expect(toHex(merkleRoot(LEAVES.slice(0, count)))).toBe(root);
  });

  it('equals the recursive definition for every list', () => {
    fc.assert(fc.property(leaves, (list) => equalBytes(merkleRoot(list), mth(list))), seeded(200));
  });

  it('never duplicates a last leaf (CVE-2012-2459)', () => {
    const [a, b, c] = LEAVES as [Bytes, Bytes, Bytes];
    expect(merkleRoot([a, b, c])).not.toEqual(merkleRoot([a, b, c, c]));
  });
});

describe('RFC 6962 section 2.1.1: audit path', () => {
  it.each(PATHS)('of leaf %i in the tree of %i', (index, count, path) => {
    expect(inclusionProof(LEAVES.slice(0, count), index).map(toHex)).toEqual(path);
  });

  it('verifies for every leaf of every tree up to 8, and for no other index or count', () => {
    for (let count = 1; count <= 8; count++) {
      const list = LEAVES.slice(0, count);
      const root = merkleRoot(list);
      for (let index = 0; index < count; index++) {
        const path = inclusionProof(list, index);
        expect(verifyInclusion(list[index] as Bytes, index, count, path, root)).toBe(true);
        for (let other = 0; other < count; other++) {
          if (other !== index) expect(verifyInclusion(list[index] as Bytes, other, count, path, root)).toBe(false);
        }
        expect(verifyInclusion(list[index] as Bytes, index, count, [...path, root], root)).toBe(false);
        expect(verifyInclusion(list[index] as Bytes, index, count, path.slice(1), root)).toBe(count === 1);
      }
    }
  });

  it('verifies for every list, and not with a changed leaf, path or root', () => {
    fc.assert(
      fc.property(leavesAndIndex, fc.nat(), ([list, index], at) => {
        const root = merkleRoot(list);
        const path = inclusionProof(list, index);
        const leaf = list[index] as Bytes;
        expect(verifyInclusion(leaf, index, list.length, path, root)).toBe(true);
        expect(verifyInclusion(Uint8Array.of(...leaf, 1), index, list.length, path, root)).toBe(false);
        expect(verifyInclusion(leaf, index, list.length, path, flip(root, at % 256))).toBe(false);
        const changed = path.map((hash, i) => (i === at % path.length ? flip(hash, at % 256) : hash));
        if (path.length > 0) expect(verifyInclusion(leaf, index, list.length, changed, root)).toBe(false);
      }),
      seeded(200),
    );
  });

  it('does not take an inner node for a leaf (CVE-2017-12842)', () => {
    const list = LEAVES.slice(0, 4);
    const inner = new Uint8Array([...leafHash(list[0] as Bytes), ...leafHash(list[1] as Bytes)]);
    const path = inclusionProof(list, 0).slice(1);
    expect(verifyInclusion(inner, 0, 2, path, merkleRoot(list))).toBe(false);
  });

  it.each([-1, 1.5, 4, NaN])('has no leaf %p in a tree of 4', (index) => {
    expect(() => inclusionProof(LEAVES.slice(0, 4), index)).toThrow(RangeError);
    expect(verifyInclusion(LEAVES[0] as Bytes, index, 4, [], merkleRoot(LEAVES.slice(0, 4)))).toBe(false);
  });
});

function flip(bytes: Bytes, bit: number): Bytes {
  const copy = bytes.slice();
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
  return copy;
}
