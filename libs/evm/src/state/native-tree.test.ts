import fc from 'fast-check';
import { randomOf, SEED } from '../../testing/random.js';
import { native, sha256, toHex, type Bytes } from '#ledger';
import { readNode } from './node-codec.js';
import { textOf, type Inner, type Leaf, type Stub } from './node.js';
import type { HeadTree } from './head-tree.js';
import { NativeTree } from './native-tree.js';
import { NodeTree } from './node-tree.js';
import { StateTree, type TreeChange } from './tree.js';

// In CI a compiler is installed; elsewhere there may be none, and the tree of objects serves.
const withNative = native === null && process.env['CI'] === undefined ? describe.skip : describe;

/** Pages by height and number, as the store has them. */
class Pages {
  private readonly kept = new Map<string, Buffer>();

  add(height: number, pages: readonly Buffer[]): void {
    pages.forEach((page, number) => this.kept.set(`${height}/${number}`, Buffer.from(page)));
  }

  page(height: number, number: number): Buffer {
    const page = this.kept.get(`${height}/${number}`);
    if (page === undefined) throw new Error(`page ${height}/${number} is missing`);
    return page;
  }

  node(stub: Stub): Leaf | Inner {
    const page = this.page(stub.height, Math.floor(stub.index / 32));
    const place = stub.index % 32;
    const body = 1 + 2 * (page[0] as number);
    return readNode(page, body + (place === 0 ? 0 : page.readUInt16BE(2 * place - 1)), body + page.readUInt16BE(1 + 2 * place), stub);
  }
}

/** Half of the keys share their first 28 bytes, so that paths are long, and prefixes end in the middle of a byte. */
function keyOf(n: number): Bytes {
  const key = n % 2 === 0 ? sha256(Uint8Array.of(n, n >> 8)) : new Uint8Array(32).fill(0xa5);
  if (n % 2 === 1) new DataView(key.buffer).setUint32(28, Math.imul(n, 0x9e37_79b1));
  return key;
}

const change = ([n, value]: [number, number | null]): TreeChange => ({ key: keyOf(n), value: value === null ? null : Uint8Array.from({ length: value % 129 }, (_, i) => value + i) });
const batch = fc.uniqueArray(fc.tuple(fc.nat(400), fc.option(fc.nat(400), { freq: 3 })), { selector: ([n]) => n, maxLength: 60 });

withNative('the tree in the addon is the tree of objects', () => {
  const routines = native as NonNullable<typeof native>;
  const reopened = (tree: HeadTree, pages: Pages): NativeTree => NativeTree.open(routines, (height, number) => pages.page(height, number), tree.place === null ? null : { ...tree.place, hash: tree.hash });

  test('the same roots, places, values and pages, byte for byte, kept in memory or read from the store', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(batch, fc.boolean()), { maxLength: 8 }), (batches) => {
        const pages = new Pages();
        let objects: HeadTree = new NodeTree(new StateTree((stub) => pages.node(stub)), null);
        let addon: HeadTree = reopened(objects, pages);
        for (const [height, [changes, again]] of batches.entries()) {
          const [expected, found] = [objects.after(changes.map(change), height), addon.after(changes.map(change), height)];
          expect(found.pages.map((page) => page.toString('hex'))).toEqual(expected.pages.map((page) => page.toString('hex')));
          expect([toHex(found.tree.hash), found.tree.place?.height, found.tree.place?.index]).toEqual([toHex(expected.tree.hash), expected.tree.place?.height, expected.tree.place?.index]);
          pages.add(height, found.pages);
          const before = addon;
          [objects, addon] = [expected.tree, again ? reopened(found.tree, pages) : found.tree];
          for (const [n] of changes) expect(addon.find(keyOf(n))).toEqual(objects.find(keyOf(n)));
          // The tree before it is as it was: nothing of the block shows in it.
          expect(before.after(changes.map(change), height).pages).toEqual(found.pages);
        }
        for (let n = 0; n <= 400; n++) expect(addon.find(keyOf(n))).toEqual(objects.find(keyOf(n)));
      }),
      { numRuns: 100 },
    );
  });

  test('beyond its memory it keeps the upper levels, and reads the others again; older trees stay readable', () => {
    const pages = new Pages();
    let addon: HeadTree = NativeTree.open(routines, (height, number) => pages.page(height, number), null);
    let objects: HeadTree = new NodeTree(new StateTree((stub) => pages.node(stub)), null);
    const value = (n: number, height: number): Bytes => sha256(Uint8Array.of(n, n >> 8, n >> 16, height));
    const key = (n: number): Bytes => sha256(Uint8Array.of(n, n >> 8, n >> 16));
    let [trims, old] = [0, addon];
    for (let height = 0; height < 20; height++) {
      const changes = Array.from({ length: 12_000 }, (_, i) => (height * 7919 + i * 104_729) % 60_000).map((n) => ({ key: key(n), value: value(n, height) }));
      const { tree, pages: made } = addon.after(changes, height);
      pages.add(height, made);
      addon = tree.trimmed();
      if (addon !== tree && ++trims === 1) old = tree;
      objects = objects.after(changes, height).tree.trimmed();
      expect(toHex(addon.hash)).toBe(toHex(objects.hash));
    }
    expect(trims).toBeGreaterThan(0);
    for (let n = 0; n < 60_000; n += 97) expect(addon.find(key(n))).toEqual(objects.find(key(n)));
    expect(toHex(old.hash)).not.toBe(toHex(addon.hash));
    expect(old.find(key(0))).not.toBeNull();
  });

  test(`two thousand heights, the tree emptied now and then, opened anew in between (STELE_SEED=${SEED})`, () => {
    const random = randomOf(SEED);
    const pages = new Pages();
    let objects: HeadTree = new NodeTree(new StateTree((stub) => pages.node(stub)), null);
    let addon: HeadTree = reopened(objects, pages);
    let empty = 0;
    for (let height = 0; height < 2000; height++) {
      // All goes, or nearly all; else some keys are set and others removed.
      const left = height % 50 === 49 ? random(3) : null;
      const changes = left === null
        ? Array.from(new Set(Array.from({ length: 1 + random(40) }, () => random(120))), (n): [number, number | null] => [n, random(3) === 0 ? null : random(400)])
        : Array.from({ length: 120 - left }, (_, n): [number, null] => [n, null]);
      const [expected, found] = [objects.after(changes.map(change), height), addon.after(changes.map(change), height)];
      pages.add(height, found.pages);
      const same = toHex(found.tree.hash) === toHex(expected.tree.hash) && Buffer.concat(found.pages).equals(Buffer.concat(expected.pages));
      expect([height, same]).toEqual([height, true]);
      if (found.tree.place === null) empty += 1;
      [objects, addon] = [expected.tree, random(4) === 0 ? reopened(found.tree, pages) : found.tree];
      const n = random(120);
      expect(addon.find(keyOf(n))).toEqual(objects.find(keyOf(n)));
    }
    expect(empty).toBeGreaterThan(0);
  });

  test('finding takes no memory, also where a removal has left one stored node as the root', () => {
    const pages = new Pages();
    const { tree, pages: made } = reopened(new NodeTree(new StateTree((stub) => pages.node(stub)), null), pages).after([change([0, 1]), change([1, 2]), change([3, 3])], 0);
    pages.add(0, made);
    const handles: Parameters<typeof routines.treeBytes>[0][] = [];
    const spied = Object.create(routines, { treeNew: { value: () => handles[handles.push(routines.treeNew()) - 1] } }) as typeof routines;
    const again = NativeTree.open(spied, (height, number) => pages.page(height, number), { ...(tree.place as NonNullable<typeof tree.place>), hash: tree.hash });
    for (const removed of [0, 1, 3]) {
      const after = again.after([change([removed, null])], 1).tree;
      const bytes = (): number => routines.treeBytes(handles[0] as (typeof handles)[number]);
      for (const n of [0, 1, 3]) after.find(keyOf(n));
      const before = bytes();
      for (let i = 0; i < 300; i++) for (const n of [0, 1, 3]) after.find(keyOf(n));
      expect([removed, bytes() - before]).toEqual([removed, 0]);
    }
  });

  test('a page that is missing is told as the store tells it; a damaged one as damage; then it goes on', () => {
    const pages = new Pages();
    const empty = reopened(new NodeTree(new StateTree((stub) => pages.node(stub)), null), pages);
    const { tree, pages: made } = empty.after(Array.from({ length: 200 }, (_, n) => change([n, n])), 0);
    const root = { ...(tree.place as NonNullable<typeof tree.place>), hash: tree.hash };
    pages.add(0, made);
    let damage: ((page: Buffer) => Buffer) | null = null;
    expect(() => NativeTree.open(routines, (height) => pages.page(height, 99), root)).toThrow('page 0/99 is missing');
    const sound = NativeTree.open(routines, (height, number) => (damage === null ? pages.page(height, number) : damage(pages.page(height, number))), root);
    for (const bad of [() => Buffer.alloc(0), () => Buffer.from([200]), (page: Buffer) => page.subarray(0, 40), (page: Buffer) => Buffer.from(page).fill(7, 1 + 2 * (page[0] as number)), (page: Buffer) => Buffer.from(page).fill(255, 1, 20)]) {
      damage = bad;
      expect(() => sound.find(keyOf(3)) ?? sound.after([change([5, 6])], 1)).toThrow(/damaged/);
      damage = null;
    }
    expect(sound.find(keyOf(3))).toEqual(change([3, 3]).value);
    expect(toHex(sound.after([change([5, 6])], 1).tree.hash)).toBe(toHex(tree.after([change([5, 6])], 1).tree.hash));
  });

  test('what is no set of changes is refused', () => {
    const tree = NativeTree.open(routines, () => { throw new Error('nothing is stored'); }, null);
    expect(() => tree.after([change([1, 1]), change([1, 2])], 0)).toThrow(/ascending/);
    expect(() => tree.after([{ key: keyOf(1), value: new Uint8Array(129) }], 0)).toThrow(/128/);
    expect(() => routines.treeFind(routines.treeNew(), 77, keyOf(1), () => new Uint8Array())).toThrow('a key of 32 bytes');
    expect(textOf(tree.hash)).toBe(textOf(tree.after([], 0).tree.hash));
  });
});
