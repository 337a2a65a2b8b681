import { setTimeout as delay } from 'node:timers/promises';
import { createLogger } from '../log/logger.js';
import { FRAME } from '../peer/frames.js';
import { Mesh } from '../peer/mesh.js';
import { blocksWantedFrame, decodeBlocksEnd } from '../peer/messages.js';
import { toHex } from '#ledger';
import { Wallet } from '../../../../libs/evm/testing/wallet.js';
import { TEST_EVM_CHAIN_ID, TestWorld, until } from './testing/test-world.js';

const BLOCKS = 90;
/** Blocks 81 to 90 hold this much each. */
const LARGE_BYTES = 700_000;
/** More than may wait of one peer to be handled: nothing is read from it. */
const MUCH = 2 ** 30;

/** One validator with some blocks, and a peer of its that asks for them over TLS. */
describe('a node that is asked for blocks', () => {
  let world: TestWorld;
  let asker: Mesh;
  const heard: string[] = [];
  let bytes = 0;
  let ups = 0;
  beforeAll(async () => {
    world = await TestWorld.make({ validators: 1, observers: 1, params: { heartbeatIntervalMs: 600_000, trailingBlocks: 0 } });
    const wallet = new Wallet('large');
    const data = `0x${'00'.repeat(LARGE_BYTES / 7)}`;
    const large = (): Promise<Uint8Array[]> => Promise.all(Array.from({ length: 7 }, () => wallet.sign({ chainId: Number(TEST_EVM_CHAIN_ID), to: `0x${'33'.repeat(20)}`, data, gas: 2_000_000n })));
    await world.prefill([world.member(0)], BLOCKS, (height) => (height > 80 ? large() : []));
    await world.member(0).start();
    asker = new Mesh(world.member(1).identity, world.member(0).chain.store.genesisHash, () => 0n, {
      up: () => {
        ups += 1;
      },
      down: () => undefined,
      height: () => undefined,
      frame: (_link, type, payload) => {
        bytes += payload.length;
        if (type === FRAME.decidedBlock) heard.push('block');
        else if (type === FRAME.blocksEnd) heard.push(`end ${decodeBlocksEnd(payload).from}-${decodeBlocksEnd(payload).to}`);
      },
    }, createLogger('silent'));
    world.member(1).serveWith((socket, key) => asker.accept(socket, key));
    asker.setEndpoints({ [toHex(world.member(0).identity.publicKey)]: [`127.0.0.1:${world.member(0).port}`] });
    await until(() => ups > 0 && world.member(0).chain.mesh.up.length === 1, 'connected');
    // Both ends dial: one connection is kept.
    await delay(1500);
  });
  beforeEach(() => {
    heard.length = 0;
    bytes = 0;
  });
  afterAll(async () => {
    asker.stop();
    await world.stop();
    expect(world.fatal).toEqual([]);
  });
  const ask = (from: bigint, to: bigint): void => asker.broadcast(blocksWantedFrame(from, to));

  it('sends what it has of a range, at most 64 blocks, and says where it ended', async () => {
    ask(1n, 1000n);
    await until(() => heard.some((one) => one.startsWith('end')), 'the end');
    expect([heard.length, heard[64]]).toEqual([65, 'end 1-64']);
    heard.length = 0;
    ask(70n, 72n);
    ask(200n, 300n);
    await until(() => heard.length === 5, 'both ends');
    expect(heard).toEqual(['block', 'block', 'block', 'end 70-72', 'end 200-199']);
  });

  it('ends an answer at 8 MB', async () => {
    ask(81n, 90n);
    ask(81n, 90n);
    await until(() => heard.filter((one) => one.startsWith('end')).length === 2, 'the ends');
    expect(bytes).toBeGreaterThan(2 * 9 * LARGE_BYTES * 0.9);
    expect(bytes).toBeLessThan(2 * (8 * 1024 * 1024 + 2 * LARGE_BYTES));
  });

  it('holds four requests of a peer; more are answered with nothing at once', async () => {
    // Long answers: none is over before the last request has come, however slow the machine.
    for (let i = 0; i < 10; i++) ask(81n, 90n);
    await until(() => heard.filter((one) => one.startsWith('end')).length === 10, 'all ends');
    expect(heard.filter((one) => one === 'end 81-80')).toHaveLength(6);
    // The refusals do not wait for the answers.
    expect(heard.lastIndexOf('end 81-80')).toBeLessThan(heard.findIndex((one) => one.startsWith('end') && one !== 'end 81-80'));
  });

  it('keeps little for a peer that does not read', async () => {
    const [link] = world.member(0).chain.mesh.up;
    const own = asker.up[0];
    own?.hold('consensus', MUCH);
    for (let i = 0; i < 4; i++) ask(81n, 90n);
    await delay(500);
    expect(link?.waitingBytes).toBeLessThan(2 * 1024 * 1024 + 2 * LARGE_BYTES);
    // Pausing takes effect on what has not come yet.
    own?.release('consensus', MUCH);
    await until(() => heard.filter((one) => one.startsWith('end')).length === 4, 'the answers, once it reads');
  });

  it.each([[0n, 5n], [5n, 4n]])('closes a peer that asks for blocks %s to %s', async (from, to) => {
    const before = ups;
    await until(() => asker.up.length === 1, 'connected');
    ask(from, to);
    await until(() => ups > before, 'closed, and connected again');
    ask(1n, 1n);
    await until(() => heard.includes('end 1-1'), 'answered');
  });
});
