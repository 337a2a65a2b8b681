import { equalBytes, type Bytes } from '../encoding/index.js';
import { sha256 } from '../crypto/hash.js';
import { native, SCRATCH } from '../crypto/native.js';

/** Merkle trees of RFC 6962, section 2.1: leaf H(00‖data), node H(01‖left‖right), split at the largest power of two below n. */

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export function leafHash(data: Bytes): Bytes {
  return sha256(LEAF, data);
}

function nodeHash(left: Bytes, right: Bytes): Bytes {
  return sha256(NODE, left, right);
}

/** The largest power of two smaller than `count` (count ≥ 2). */
function split(count: number): number {
  let k = 1;
  while (k * 2 < count) k *= 2;
  return k;
}

/** Tree head over the leaves; the empty tree is SHA-256 of nothing. */
export function merkleRoot(leaves: readonly Bytes[]): Bytes {
  if (native !== null) {
    native.merkleRoot(leaves);
    return native.scratch.slice(SCRATCH.hash, SCRATCH.hash + 32);
  }
  return leaves.length === 0 ? sha256() : rootOfHashes(leaves.map(leafHash), 0, leaves.length);
}

function rootOfHashes(hashes: readonly Bytes[], from: number, to: number): Bytes {
  if (to - from === 1) return hashes[from] as Bytes;
  const middle = from + split(to - from);
  return nodeHash(rootOfHashes(hashes, from, middle), rootOfHashes(hashes, middle, to));
}

/** Audit path of RFC 6962, section 2.1.1: the sibling hashes from the leaf to the root. */
export function inclusionProof(leaves: readonly Bytes[], index: number): Bytes[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) throw new RangeError(`leaf ${index} of ${leaves.length}`);
  const hashes = leaves.map(leafHash);
  const path: Bytes[] = [];
  let from = 0;
  let to = hashes.length;
  const siblings: [number, number][] = [];
  while (to - from > 1) {
    const middle = from + split(to - from);
    if (index < middle) {
      siblings.push([middle, to]);
      to = middle;
    } else {
      siblings.push([from, middle]);
      from = middle;
    }
  }
  for (const [start, end] of siblings.reverse()) path.push(rootOfHashes(hashes, start, end));
  return path;
}

/**
 * Whether `data` is leaf `index` of the tree of `count` leaves with this root (RFC 9162, section 2.1.3.2). The path must have
 * exactly the length that index and count give, so no inner node ever passes as a leaf.
 */
export function verifyInclusion(data: Bytes, index: number, count: number, path: readonly Bytes[], root: Bytes): boolean {
  if (!Number.isInteger(index) || !Number.isInteger(count) || index < 0 || index >= count) return false;
  let fn = index;
  let sn = count - 1;
  let hash = leafHash(data);
  for (const sibling of path) {
    if (sn === 0 || sibling.length !== 32) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && equalBytes(hash, root);
}

