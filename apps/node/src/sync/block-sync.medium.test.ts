import { setTimeout as delay } from 'node:timers/promises';
import { encodeBlock, equalBytes, toHex, type Block, type Certificate } from '#ledger';
import { RecoveryThreads, type ChainStore } from '#evm';
import { buildExecutionFile } from '../../../../libs/evm/testing/execution-file.js';
import { Wallet } from '../../../../libs/evm/testing/wallet.js';
import { encodeFrame, FRAME } from '../peer/frames.js';
import type { PeerLink } from '../peer/link.js';
import { blocksEndFrame, decidedBlockFrame } from '../peer/messages.js';
import type { BlockSync } from './block-sync.js';
import { FalsePeer, type Answer } from './testing/false-peer.js';
import { TEST_EVM_CHAIN_ID, TestWorld, until } from './testing/test-world.js';

/** The chain goes on by itself, with an empty block every 100 ms. */
const GOING_ON = { minBlockIntervalMs: 0, heartbeatIntervalMs: 100, trailingBlocks: 0 };
const BLOCKS = 500;
const BLOCKS_BESIDE_LIARS = 400;

let world: TestWorld | undefined;
const liars: FalsePeer[] = [];

async function endWorld(): Promise<void> {
  for (const liar of liars.splice(0)) liar.stop();
  const fatal = world?.fatal ?? [];
  await world?.stop();
  world = undefined;
  expect(fatal).toEqual([]);
}

/** Some transfers in every twentieth block. */
function transfers(): (height: number) => Promise<Uint8Array[]> {
  const wallets = Array.from({ length: 20 }, (_, i) => new Wallet(`sync ${i}`));
  return async (height) => (height % 20 === 7 ? Promise.all(wallets.map((wallet) => wallet.sign({ chainId: Number(TEST_EVM_CHAIN_ID), to: `0x${'22'.repeat(20)}`, gas: 21_000n }))) : []);
}

async function makeWorld(observers: number, blocks = BLOCKS): Promise<TestWorld> {
  world = await TestWorld.make({ validators: 4, observers, params: GOING_ON });
  await world.prefill(world.members.slice(0, 3), blocks, transfers());
  for (const member of world.members.slice(0, 3)) await member.start();
  await until(() => (world as TestWorld).member(0).height > BigInt(blocks), 'the chain goes on');
  return world;
}

const keyOf = (index: number): string => toHex((world as TestWorld).member(index).identity.publicKey);

async function sameChain(index: number): Promise<void> {
  const [a, b] = [(world as TestWorld).member(0).chain.store, (world as TestWorld).member(index).chain.store];
  const height = b.head().height < a.head().height ? b.head().height : a.head().height;
  expect(b.blockHashAt(height)).toEqual(a.blockHashAt(height));
  expect(b.results(27n)).toEqual(a.results(27n));
}

describe('a node that was away', () => {
  afterEach(endWorld);

  it('gets what it missed from several peers at once, while the chain goes on, and votes again', async () => {
    await makeWorld(0);
    const away = (world as TestWorld).member(3);
    const { sync, store } = await away.start();
    await until(() => store.head().height > BigInt(BLOCKS) && !sync.syncing, 'it has caught up');
    const givers = [0, 1, 2].filter((index) => (sync.blocksFrom.get(keyOf(index)) ?? 0) > 20);
    expect(givers.length).toBeGreaterThanOrEqual(2);
    expect((world as TestWorld).member(0).height).toBeGreaterThan(BigInt(BLOCKS));
    await sameChain(3);
    // Without it the others are no quorum once one of them is gone.
    await (world as TestWorld).member(2).pause();
    const before = away.height;
    await until(() => away.height > before + 3n, 'it decides with the others');
  });

  it('has the senders of few blocks with many transactions recovered on threads', async () => {
    const program = buildExecutionFile('sync');
    const recover = jest.spyOn(RecoveryThreads.prototype, 'recover');
    try {
      world = await TestWorld.make({ validators: 4, params: GOING_ON, program: program.file });
      const wallet = new Wallet('many');
      const many = (): Promise<Uint8Array>[] => Array.from({ length: 150 }, () => wallet.sign({ chainId: Number(TEST_EVM_CHAIN_ID), to: `0x${'22'.repeat(20)}`, gas: 21_000n }));
      await world.prefill(world.members.slice(0, 3), 40, () => Promise.all(many()));
      for (const member of world.members.slice(0, 3)) await member.start();
      const { store } = await world.member(3).start();
      await until(() => store.head().height > 40n, 'it has caught up');
      const byThreads = (await Promise.all(recover.mock.results.map(({ value }) => value as ReturnType<RecoveryThreads['recover']>))).filter((recovered) => recovered !== null);
      expect(byThreads.length).toBeGreaterThan(0);
      await sameChain(3);
    } finally {
      recover.mockRestore();
      await endWorld();
      program.remove();
    }
  });

  it('goes on with what it has when it is stopped on the way', async () => {
    await makeWorld(0);
    const away = (world as TestWorld).member(3);
    await away.start();
    await until(() => away.height > 100n, 'it is on its way');
    await away.pause();
    const { store, sync } = await away.start();
    expect(store.head().height).toBeGreaterThan(100n);
    await until(() => store.head().height > BigInt(BLOCKS) && !sync.syncing, 'it has caught up');
    await sameChain(3);
  });
});

describe('an observer', () => {
  beforeAll(async () => {
    await makeWorld(1, BLOCKS_BESIDE_LIARS);
  });
  afterEach(async () => {
    for (const liar of liars.splice(0)) liar.stop();
    await (world as TestWorld).member(4).forget();
  });
  afterAll(endWorld);

  it('joins a running chain from genesis alone, with one peer that it knows', async () => {
    const observer = (world as TestWorld).member(4);
    const { store } = await observer.start([(world as TestWorld).member(1)]);
    await until(() => store.head().height > BigInt(BLOCKS_BESIDE_LIARS), 'it has caught up');
    const before = observer.height;
    await until(() => observer.height > before + 2n, 'it follows');
    await sameChain(4);
  });

  /** A false peer in the place of the fourth validator, and an observer that has to catch up. */
  async function withLiar(answer: (store: ChainStore) => Answer): Promise<{ liar: FalsePeer; sync: BlockSync }> {
    const source = (world as TestWorld).member(0).chain.store;
    const liar = new FalsePeer((world as TestWorld).member(3), source, answer(source));
    liars.push(liar);
    const chain = await (world as TestWorld).member(4).start();
    await until(() => chain.store.head().height > BigInt(BLOCKS_BESIDE_LIARS), 'it has caught up without the liar');
    await sameChain(4);
    return { liar, sync: chain.sync };
  }

  /** The same, but the others come only when the liar was asked and closed: beside them it might not be asked for anything that is still missing. */
  async function caught(answer: (store: ChainStore) => Answer): Promise<void> {
    const [source, observer, place] = [(world as TestWorld).member(0).chain.store, (world as TestWorld).member(4), (world as TestWorld).member(3)];
    const liar = new FalsePeer(place, source, answer(source));
    liars.push(liar);
    observer.refuseConnections(true);
    const chain = await observer.start([place]);
    await until(() => liar.closed > 0, 'the liar is closed');
    expect(chain.store.head().height).toBe(0n);
    const asked = liar.asked.length;
    expect(asked).toBeGreaterThan(0);
    observer.refuseConnections(false);
    await until(() => chain.store.head().height > BigInt(BLOCKS_BESIDE_LIARS), 'it has caught up without the liar');
    await sameChain(4);
    expect(chain.sync.blocksFrom.get(keyOf(3)) ?? 0).toBe(0);
    expect(liar.asked.length).toBe(asked);
  }

  const each = (make: (block: Block, certificate: Certificate, height: bigint) => [Block | Uint8Array, Certificate]) => (store: ChainStore): Answer => (link, from, to) => {
    for (let height = from; height <= to && height <= store.head().height; height++) {
      link.send(decidedBlockFrame(...make(store.block(height) as Block, store.certificate(height) as Certificate, height)));
    }
    link.send(blocksEndFrame(from, to));
  };

  it.each<[string, (store: ChainStore) => Answer]>([
    ['certificates with a signature that does not hold', each((block, certificate) => [block, { ...certificate, signatures: certificate.signatures.map((one, i) => (i === 0 ? { ...one, signature: new Uint8Array(64).fill(1) } : one)) }])],
    ['certificates without a quorum', each((block, certificate) => [block, { ...certificate, signatures: certificate.signatures.slice(0, 2) }])],
    ['true headers with forged bodies', each((block, certificate) => [{ ...block, transactions: [new Uint8Array(100).fill(7)] }, certificate])],
    ['other headers under true certificates', each((block, certificate) => [{ ...block, header: { ...block.header, timeMs: block.header.timeMs + 1n } }, certificate])],
    ['bytes that are no block', each((block, certificate) => [encodeBlock(block).subarray(0, -20), certificate])],
    ['frames that are nothing', () => (link) => link.send(encodeFrame(FRAME.decidedBlock, new Uint8Array(10)))],
  ])('%s: closed, and not asked again', async (_name, answer) => {
    await caught(answer);
  });

  it('a block of validators that are not this height’s is no block, though a certificate of theirs is with it', async () => {
    const stranger = await TestWorld.make({ validators: 4 });
    await caught(() => (link, from, to) => {
      const source = (world as TestWorld).member(0).chain.store;
      for (let height = from; height <= to; height++) {
        const block = source.block(height);
        if (block === null) continue;
        const header = { ...block.header, validatorsHash: stranger.validators.hash };
        link.send(decidedBlockFrame({ ...block, header }, stranger.certify(header)));
      }
    });
    await stranger.stop();
  });

  it('one that never answers is passed over', async () => {
    const { liar, sync } = await withLiar(() => () => undefined);
    expect(liar.asked.length).toBeLessThan(20);
    expect([0, 1, 2].some((index) => (sync.blocksFrom.get(keyOf(index)) ?? 0) > 30)).toBe(true);
  });

  it('one that sends a block now and then holds nobody up', async () => {
    const trickle = (store: ChainStore): Answer => (link: PeerLink, from, to) => {
      void (async () => {
        for (let height = from; height <= to; height++) {
          await delay(1500);
          if (link.closed) return;
          const [block, certificate] = [store.blockBytes(height), store.certificate(height)];
          if (block !== null && certificate !== null) link.send(decidedBlockFrame(block, certificate));
        }
      })();
    };
    const { sync } = await withLiar(trickle);
    expect(sync.blocksFrom.get(keyOf(3)) ?? 0).toBeLessThan(BLOCKS_BESIDE_LIARS / 4);
  });

  it('one that says that it has nothing is asked seldom', async () => {
    const { liar } = await withLiar(() => (link, from) => void link.send(blocksEndFrame(from, from - 1n)));
    expect(liar.asked.length).toBeLessThan(20);
  });

  it('heights that a peer announces and nobody has are only a hint', async () => {
    const source = (world as TestWorld).member(0).chain.store;
    const boaster: ChainStore = Object.create(source, { head: { value: () => ({ ...source.head(), height: 10n ** 15n }) } }) as ChainStore;
    liars.push(new FalsePeer((world as TestWorld).member(3), boaster, () => undefined));
    const chain = await (world as TestWorld).member(4).start();
    await until(() => chain.store.head().height > BigInt(BLOCKS_BESIDE_LIARS), 'it follows all the same');
    await until(() => !chain.sync.lost, 'it is not lost');
    expect(equalBytes(chain.store.head().hash, source.blockHashAt(chain.store.head().height) as Uint8Array)).toBe(true);
  });
});
