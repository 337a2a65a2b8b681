import fc from 'fast-check';
import { sha256, toHex, type Bytes, EMPTY_STATE_ROOT, innerNodeHash, leafNodeHash, encodeAccount, storeKeyOf, treeKeyOf, type StateKey, verifyStateProof, type StateProof } from '#ledger';
import { type Node } from './node.js';
import { nodeBytes, readNode, writeNode } from './node-codec.js';
import { placeNewNodes, rootHash, StateTree, trimTree, type TreeChange } from './tree.js';

/** A tree whose nodes are kept as the store keeps them; every update starts from a stub, so loading is always tried. */
class Kept {
  root: Node | null = null;
  readonly stored = new Map<string, Buffer>();
  readonly tree = new StateTree((stub) => {
    const bytes = this.stored.get(`${stub.height}/${stub.index}`);
    if (bytes === undefined) throw new Error('missing');
    return readNode(bytes, 0, bytes.length, stub);
  });
  private height = 0;

  apply(changes: TreeChange[]): this {
    const root = this.tree.update(this.root === null ? null : trimTree(this.root, 0), changes);
    const height = this.height++;
    placeNewNodes(root, height).forEach((node, index) => {
      const bytes = Buffer.alloc(nodeBytes(node));
      expect(writeNode(node, bytes, 0)).toBe(bytes.length);
      this.stored.set(`${height}/${index}`, bytes);
    });
    this.root = root;
    return this;
  }

  get hash(): string {
    return toHex(rootHash(this.root));
  }
}

/** Few addresses, so that keys meet. */
const key = (n: number): StateKey => {
  const address = new Uint8Array(20);
  address[19] = n % 256;
  return n < 256 ? { kind: 'account', address } : { kind: 'storage', address, slot: sha256(Uint8Array.of(n >> 8)) };
};
const valueOf = (at: StateKey, n: number): Bytes =>
  at.kind === 'account' ? encodeAccount({ nonce: BigInt(n), balance: BigInt(n) ** 20n, codeHash: sha256(Uint8Array.of(n)) }) : sha256(Uint8Array.of(n));
const change = ([n, v]: [number, number | null]): TreeChange => {
  const at = key(n);
  return { key: treeKeyOf(storeKeyOf(at)), value: v === null ? null : valueOf(at, v) };
};
const unique = fc.uniqueArray(fc.tuple(fc.nat(1023), fc.option(fc.nat(255), { freq: 3 })), { selector: ([n]) => n, maxLength: 40 });

describe('state tree (docs/spec/state.md)', () => {
  test('the hashes are as specified', () => {
    const [a, b] = [change([1, 5]), change([2, 6])] as [TreeChange, TreeChange];
    expect(new Kept().hash).toBe(toHex(EMPTY_STATE_ROOT));
    expect(new Kept().apply([a]).hash).toBe(toHex(sha256(Uint8Array.of(0), a.key, a.value as Bytes)));
    const two = new Kept().apply([a, b]);
    const root = two.root;
    if (root?.kind !== 'inner') throw new Error('two leaves need an inner node');
    const leaves = [a, b].sort((x, y) => Buffer.compare(x.key, y.key)).map((leaf) => leafNodeHash(leaf.key, leaf.value as Bytes)) as [Bytes, Bytes];
    expect(two.hash).toBe(toHex(sha256(Uint8Array.of(1, root.bit), ...leaves)));
    expect(two.hash).toBe(toHex(innerNodeHash(root.bit, ...leaves)));
  });

  test('the root depends on what is in the tree, never on the order or the batches of writes', () => {
    fc.assert(
      fc.property(fc.array(unique, { maxLength: 6 }), (batches) => {
        const tree = new Kept();
        const content = new Map<number, number>();
        for (const batch of batches) {
          tree.apply(batch.map(change));
          for (const [n, v] of batch) v === null ? content.delete(n) : content.set(n, v);
        }
        const entries = [...content].map(([n, v]): [number, number] => [n, v]);
        const atOnce = new Kept().apply(entries.map(change));
        const oneByOne = new Kept();
        for (const entry of entries.reverse()) oneByOne.apply([change(entry)]);
        expect(tree.hash).toBe(atOnce.hash);
        expect(oneByOne.hash).toBe(atOnce.hash);
      }),
      { numRuns: 150 },
    );
  });

  test('presence and absence prove, and only what is so', () => {
    fc.assert(
      fc.property(unique, fc.nat(1023), fc.nat(255), (batch, wanted, other) => {
        const tree = new Kept().apply(batch.map(change));
        const root = rootHash(tree.root);
        const at = key(wanted);
        const proof = tree.tree.prove(tree.root, treeKeyOf(storeKeyOf(at)));
        const held = batch.find(([n]) => n === wanted)?.[1] ?? null;
        const check = verifyStateProof(root, at, proof);
        if (!check.ok) throw new Error(check.message);
        expect(check.value).toEqual(held === null ? null : valueOf(at, held));
        const foreign = verifyStateProof(root, key(other), proof);
        const truth = batch.find(([n]) => n === other)?.[1] ?? null;
        if (foreign.ok && foreign.value === null) expect(truth).toBeNull();
        else if (foreign.ok) expect(foreign.value).toEqual(valueOf(key(other), truth as number));
      }),
      { numRuns: 300 },
    );
  });

  test('a proof with anything changed is refused or says the same', () => {
    const tree = new Kept().apply(Array.from({ length: 60 }, (_, n) => change([n * 7, n])));
    const root = rootHash(tree.root);
    const at = key(70);
    const proof = tree.tree.prove(tree.root, treeKeyOf(storeKeyOf(at)));
    const leaf = proof.leaf as NonNullable<StateProof['leaf']>;
    const [first, ...rest] = proof.steps as [StateProof['steps'][number], ...StateProof['steps'][number][]];
    const flipped = sha256(first.sibling);
    const bad: StateProof[] = [
      { ...proof, leaf: { ...leaf, value: valueOf(at, 99) } },
      { ...proof, leaf: { ...leaf, keyHash: sha256(leaf.keyHash) } },
      { ...proof, leaf: null },
      { ...proof, steps: rest },
      { ...proof, steps: [{ ...first, sibling: flipped }, ...rest] },
      { ...proof, steps: [{ ...first, bit: (first.bit + 1) % 256 }, ...rest] },
      { ...proof, steps: [...proof.steps].reverse() },
    ];
    for (const one of bad) expect(verifyStateProof(root, at, one).ok).toBe(false);
    expect(verifyStateProof(sha256(root), at, proof)).toMatchObject({ ok: false, code: 'wrongRoot' });
  });

  test('unchanged values make no new nodes, and unchanged subtrees are shared', () => {
    const tree = new Kept().apply(Array.from({ length: 100 }, (_, n) => change([n, n])));
    const before = tree.stored.size;
    tree.apply([change([50, 50]), change([999, null])]);
    expect(tree.stored.size).toBe(before);
    tree.apply([change([50, 51])]);
    expect(tree.stored.size - before).toBeLessThan(20);
  });
});
