import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256, type Bytes } from '#ledger';
import { bytesOf, textOf, type Node } from '../state/node.js';
import { EMPTY_STATE, Overlay } from '../state/overlay.js';
import { StateTree, type TreeChange } from '../state/tree.js';
import { effectsOf } from '../state/changes.js';
import { EMPTY_CODE_HASH } from '../crypto/keccak.js';
import { readPart, type Part, type PartBranch, type PartInner, type PartLeaf } from './part.js';
import { partAt } from './tree-parts.js';
import { isWhole, SnapshotWriter } from './snapshot-writer.js';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const number = (n: number): Bytes => sha256(new TextEncoder().encode(`${SEED} ${n}`));
const tree = new StateTree(() => {
  throw new Error('nothing is stored');
});
const changes = (count: number): TreeChange[] => Array.from({ length: count }, (_, n) => ({ key: number(n), value: n % 3 === 0 ? new Uint8Array(72).fill(n & 255) : number(n + 1_000_000) }));
const ROOT = { key: new Uint8Array(32), depth: 0 };

/** All leaves below, the parts that are missing fetched of the tree. */
function leavesOf(root: Node, part: Part): PartLeaf[] {
  if (part.kind === 'leaf') return [part];
  if (part.kind === 'inner') return [...leavesOf(root, part.left), ...leavesOf(root, part.right)];
  const bytes = partAt(tree, root, part.place);
  if (bytes === null) throw new Error('a branch leads nowhere');
  return leavesOf(root, readPart(bytes, part.hash));
}

describe(`parts of a state (SEED=${SEED})`, () => {
  it.each([1, 2, 3, 50, 20_000])('hold every leaf once, in order: %d leaves', (count) => {
    const all = changes(count);
    const root = tree.update(null, all) as Node;
    const bytes = partAt(tree, root, ROOT) as Bytes;
    const part = readPart(bytes, root.hash);
    expect(bytes.length).toBeLessThan(140_000);
    expect(isWhole(part)).toBe(count < 1000);
    const found = leavesOf(root, part);
    const expected = all.map(({ key, value }) => [textOf(key), textOf(value as Bytes)]).sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1));
    expect(found.map(({ key, value }) => [key, value])).toEqual(expected);
  });

  it('with any byte changed, cut, doubled or added are refused', () => {
    const root = tree.update(null, changes(40)) as Node;
    const bytes = partAt(tree, root, ROOT) as Bytes;
    expect(readPart(bytes, root.hash).hash).toBe(root.hash);
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at] = (changed[at] as number) ^ (1 << (at % 8));
      expect(() => readPart(changed, root.hash)).toThrow();
      expect(() => readPart(bytes.slice(0, at), root.hash)).toThrow();
    }
    expect(() => readPart(Uint8Array.of(...bytes, 0), root.hash)).toThrow();
    expect(() => readPart(new Uint8Array(0), root.hash)).toThrow();
  });

  it('that are true and of another place are refused', () => {
    const root = tree.update(null, changes(20_000)) as Node;
    const branches = (part: Part): PartBranch[] => (part.kind === 'branch' ? [part] : part.kind === 'leaf' ? [] : [...branches(part.left), ...branches(part.right)]);
    const [a, b] = branches(readPart(partAt(tree, root, ROOT) as Bytes, root.hash)) as [PartBranch, PartBranch];
    expect(() => readPart(partAt(tree, root, a.place) as Bytes, b.hash)).toThrow('another');
  });

  it('that say nothing are refused: a branch in place of the part, or of what leads to it', () => {
    const root = tree.update(null, changes(2)) as Node & { left: Node; right: Node; bit: number };
    const branch = (hash: string): number[] => [2, ...bytesOf(hash)];
    expect(() => readPart(Uint8Array.from(branch(root.hash)), root.hash)).toThrow('begins with a branch');
    expect(() => readPart(Uint8Array.of(1, root.bit, ...branch(root.left.hash), ...branch(root.right.hash)), root.hash)).toThrow('left branch');
  });

  it('nothing stands where no key leads', () => {
    const root = tree.update(null, [{ key: new Uint8Array(32), value: Uint8Array.of(1) }, { key: new Uint8Array(32).fill(1), value: Uint8Array.of(2) }]) as Node;
    expect(partAt(tree, root, { key: new Uint8Array(32).fill(255), depth: 8 })).toBeNull();
    expect(partAt(tree, null, ROOT)).toBeNull();
  });
});

describe('a store from a snapshot', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stele-snapshot-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is none until it is whole, and asks for the code that its accounts name', async () => {
    const overlay = new Overlay(EMPTY_STATE);
    for (let n = 0; n < 30; n++) overlay.setAccount(number(n).slice(0, 20), { nonce: 1n, balance: 5n, codeHash: EMPTY_CODE_HASH });
    const code = Uint8Array.of(0x5f, 0x5f, 0xfd);
    overlay.setCode(number(3).slice(0, 20), code);
    const root = tree.update(null, effectsOf(overlay, EMPTY_STATE).changes) as Node;
    const genesis = { validators: [] } as unknown as Parameters<typeof SnapshotWriter.begin>[1];
    const writer = SnapshotWriter.begin(join(folder, 'chain'), genesis, 7n);
    writer.putWhole(readPart(partAt(tree, root, ROOT) as Bytes, root.hash) as PartInner);
    expect(writer.missingCode.size).toBe(1);
    expect(await writer.putCode(Uint8Array.of(1))).toBe(false);
    await expect(writer.finish(null, undefined as never)).rejects.toThrow('code of 1');
    expect([await writer.putCode(code), writer.missingCode.size]).toEqual([true, 0]);
    await writer.abandon();
    expect(() => rmSync(join(folder, 'chain.joining'))).toThrow('ENOENT');
  });
});
