import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromHex, toHex, verifyStateProof, type Bytes, type Certificate } from '#ledger';
import { openTestChain, type TestChain } from '../../testing/chain.js';
import { CHURN, churn, churnSlot, numbers } from '../../testing/churn.js';
import { censusOf } from '../../testing/stored-nodes.js';
import { Wallet } from '../../testing/wallet.js';
import { createExecutor } from '../execute/create-executor.js';
import { readPart } from '../snapshot/part.js';
import { isWhole, SnapshotWriter } from '../snapshot/snapshot-writer.js';
import { textOf } from '../state/node.js';
import type { LmdbChainStore } from './lmdb-chain-store.js';
import { openChainStore } from './open.js';

const SLOTS = 80;
const seeds = process.env['SEED'] === undefined ? [1, 2, 3] : [Number(process.env['SEED'])];

/** Blocks that set, change and remove the same few slots; some change nothing. */
async function blocksOf(seed: number, count: number): Promise<Bytes[][]> {
  const next = numbers(seed);
  const wallet = new Wallet(`churn ${seed}`);
  const blocks: Bytes[][] = [];
  for (let i = 0; i < count; i++) {
    const raws: Bytes[] = [];
    for (let n = next(6) === 0 ? 0 : next(24); n > 0; n--) raws.push(await churn(wallet, next(SLOTS), next(3) === 0 ? 0 : 1 + next(1000)));
    blocks.push(raws);
  }
  return blocks;
}

/** Every slot of a height, each as read, and as proved against the header's root. */
function slotsAt(chain: TestChain, height: bigint): string[] {
  const root = chain.store.header(height)?.stateRoot;
  return Array.from({ length: SLOTS }, (_, n) => {
    const key = { kind: 'storage' as const, address: CHURN.address, slot: churnSlot(n) };
    const read = toHex(chain.store.state(height).storage(key.address, key.slot));
    if (root === undefined) return read;
    const proof = verifyStateProof(root, key, chain.store.prove(key, height));
    if (!proof.ok) throw new Error(proof.message);
    expect(toHex(proof.value ?? new Uint8Array(32))).toBe(read);
    return read;
  });
}

describe.each(seeds)('pruning, seed %d', (seed) => {
  const HISTORY = 6;
  let archive: TestChain;
  let pruned: TestChain;
  beforeAll(async () => {
    archive = await openTestChain({ alloc: [CHURN] });
    pruned = await openTestChain({ alloc: [CHURN] }, HISTORY);
    for (const [i, raws] of (await blocksOf(seed, 60)).entries()) {
      await archive.commit(raws);
      await pruned.commit(raws);
      // Sometimes it comes to its end between two blocks, sometimes it has many to do.
      if (i % 7 === 3) await pruned.pruned();
      if (i % 20 === 19) await pruned.reopen();
    }
    await pruned.pruned();
  });
  afterAll(async () => {
    await archive.close();
    await pruned.close();
  });

  it('keeps the states of the last blocks and of genesis, as an archive has them', () => {
    const { store } = pruned;
    const head = store.head();
    expect(toHex(head.stateRoot)).toBe(toHex(archive.store.head().stateRoot));
    expect(store.oldestState).toBe(head.height - BigInt(HISTORY));
    expect(archive.store.oldestState).toBe(0n);
    for (let height = store.oldestState; height <= head.height; height++) expect(slotsAt(pruned, height)).toEqual(slotsAt(archive, height));
    expect(slotsAt(pruned, 0n)).toEqual(slotsAt(archive, 0n));
    expect(store.state(0n).root()).toEqual(archive.store.state(0n).root());
    for (const height of [1n, store.oldestState - 1n]) {
      expect(() => store.state(height)).toThrow(`the state of height ${height} is pruned here, the oldest kept is that of ${store.oldestState}`);
      expect(() => store.prove({ kind: 'account', address: CHURN.address }, height)).toThrow('is pruned here');
      expect(store.part({ key: new Uint8Array(32), depth: 0 }, height)).toBeNull();
      // Blocks, results and logs are another matter: all of them stay.
      expect(store.block(height)).toEqual(archive.store.block(height));
      expect(store.results(height)).toEqual(archive.store.results(height));
    }
  });

  it('calls and traces work within the depth, and say why not below it', async () => {
    const oldest = pruned.store.oldestState;
    await expect(pruned.executor.call({ to: CHURN.address, data: new Uint8Array(64) }, oldest)).resolves.toMatchObject({ ok: true });
    await expect(pruned.executor.call({ to: CHURN.address }, oldest - 1n)).rejects.toMatchObject({ code: 'unknownHeight' });
    const [at] = [oldest + 1n, oldest + 2n, oldest + 3n, oldest + 4n].filter((height) => (pruned.store.block(height)?.transactions.length ?? 0) > 0);
    await expect(pruned.executor.trace(at as bigint, 0, { onlyTopCall: true })).resolves.toHaveLength(1);
    await expect(pruned.executor.trace(oldest, null, { onlyTopCall: true })).rejects.toMatchObject({ code: 'unknownHeight' });
  });

  it('leaves on the disk what these states need, and little else', async () => {
    const { folder } = pruned;
    await pruned.close();
    const census = await censusOf(folder);
    expect(census).toMatchObject({ missing: 0, leaked: 0 });
    expect(census.listed).toBeLessThan(census.needed / 2);
    await archive.close();
    const all = await censusOf(archive.folder);
    expect(all).toMatchObject({ missing: 0, leaked: 0, listed: 0 });
    expect(census.needed).toBeLessThan(all.needed / 3);
    await pruned.reopen();
    await archive.reopen();
    expect(slotsAt(pruned, pruned.store.oldestState)).toEqual(slotsAt(archive, pruned.store.oldestState));
  });
});

describe('a store that kept all', () => {
  it('prunes when it is told to, and does not when it is no longer', async () => {
    const chain = await openTestChain({ alloc: [CHURN] });
    for (const raws of await blocksOf(9, 40)) await chain.commit(raws);
    const before = slotsAt(chain, 30n);
    await chain.close();
    const store = (await openChainStore(chain.folder, { genesis: chain.genesis, history: 10 })) as LmdbChainStore;
    await store.pruned();
    expect(store.oldestState).toBe(30n);
    await store.close();
    await chain.reopen();
    expect([chain.store.oldestState, slotsAt(chain, 30n)]).toEqual([30n, before]);
    await chain.close();
    expect(await censusOf(chain.folder)).toMatchObject({ missing: 0, leaked: 0 });
    await expect(openChainStore(chain.folder, { genesis: chain.genesis, history: 0 })).rejects.toThrow('at least 1, or archive');
  });

  it('a reader of a state that is pruned meanwhile is told so, not that the store is damaged', async () => {
    const chain = await openTestChain({ alloc: [CHURN] }, 2);
    const blocks = await blocksOf(5, 30);
    for (const raws of blocks.slice(0, 3)) await chain.commit(raws);
    const readers = [chain.store.state(2n), chain.store.state()];
    for (const raws of blocks.slice(3)) await chain.commit(raws);
    await chain.pruned();
    for (const [i, reader] of readers.entries()) {
      let told = '';
      for (let n = 0; n < SLOTS && told === ''; n++) {
        try {
          reader.storage(CHURN.address, churnSlot(n));
        } catch (error) {
          told = String(error);
        }
      }
      // What was the head when the reader was made may be in memory: then it goes on reading it.
      if (i === 0 || told !== '') expect(told).toContain(`the state of height ${reader.height} is pruned here`);
    }
    expect(slotsAt(chain, chain.store.head().height)).toHaveLength(SLOTS);
    await chain.close();
  });
});

describe('a store that began from a snapshot', () => {
  it('prunes what it began with, as its own', async () => {
    const source = await openTestChain({ alloc: [CHURN] });
    const blocks = await blocksOf(11, 50);
    const base = 20n;
    for (const raws of blocks.slice(0, Number(base))) await source.commit(raws);
    const folder = join(mkdtempSync(join(tmpdir(), 'stele-evm-')), 'chain');
    const writer = SnapshotWriter.begin(folder, source.genesis, base);
    const [part, block, certificate] = [readPart(source.store.part({ key: new Uint8Array(32), depth: 0 }, base) as Bytes, textOf(source.store.state(base).root())), source.store.block(base), source.store.certificate(base)];
    if (block === null || certificate === null || !isWhole(part)) throw new Error('the state is larger than a part');
    const root = writer.putWhole(part);
    for (const codeHash of [...writer.missingCode]) await writer.putCode(source.store.code(fromHex(codeHash)) as Bytes);
    await writer.finish(root, { block, certificate, changes: [], headers: [] });

    const store = (await openChainStore(folder, { genesis: source.genesis, history: 5 })) as LmdbChainStore;
    const executor = await createExecutor({ store });
    for (const raws of blocks.slice(Number(base))) {
      const decided = await source.commit(raws);
      const executed = await executor.executeBlock({ parent: store.head(), timeMs: decided.header.timeMs, transactions: raws.map((raw) => executor.admit(raw)) });
      await executor.commit(decided, source.store.certificate(decided.header.height) as Certificate, executed);
    }
    expect(store.base).toBe(base);
    await store.pruned();
    const { height } = store.head();
    expect(store.oldestState).toBe(height - 5n);
    for (let at = store.oldestState; at <= height; at++) expect(slotsAt({ ...source, store }, at)).toEqual(slotsAt(source, at));
    expect(store.state(0n).root()).toEqual(source.store.state(0n).root());
    expect(() => store.state(base)).toThrow('is pruned here');
    expect(() => store.state(base - 1n)).toThrow('began from a snapshot');
    await store.close();
    await source.close();
    expect(await censusOf(folder)).toMatchObject({ missing: 0, leaked: 0 });
  });
});
