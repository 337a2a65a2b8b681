import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { blockHash, type Bytes, type Certificate, type Message } from '#ledger';
import { Wallet } from '../../../../libs/evm/testing/wallet.js';
import { createLogger } from '../log/logger.js';
import { Mesh } from '../peer/mesh.js';
import { messageFrame } from '../peer/messages.js';
import { TEST_EVM_CHAIN_ID, TestWorld, until } from '../sync/testing/test-world.js';

const FORK_AT = 5;
const QUIET = { heartbeatIntervalMs: 600_000, trailingBlocks: 0 };

/** Rule 17 on nodes that run: real stores, TLS and consensus. */
describe('two certificates of one height', () => {
  let world: TestWorld;
  beforeEach(async () => {
    world = await TestWorld.make({ validators: 4, params: QUIET });
  });
  afterEach(async () => {
    await world.stop();
    expect(world.fatal).toEqual([]);
  });
  const transfer = async (): Promise<Bytes[]> => [await new Wallet('fork').sign({ chainId: Number(TEST_EVM_CHAIN_ID), to: `0x${'44'.repeat(20)}`, data: '0x', gas: 21_000n })];

  it('halt every node of both branches, which keep the proof, take no transaction, and stay halted after a restart', async () => {
    const [a, b, c, d] = world.members as [typeof world.members[0], typeof world.members[0], typeof world.members[0], typeof world.members[0]];
    await world.prefill([a, b, c], FORK_AT);
    await world.prefill([d], FORK_AT, (height) => (height === FORK_AT ? transfer() : []));
    for (const member of world.members) await member.start();
    // Somebody has to speak for them to find it: the three decide a block above their branch.
    await a.chain.gossip.submit((await transfer())[0] as Bytes).catch(() => undefined);
    await until(() => world.members.every(({ chain }) => chain.phase === 'halted'), 'all have halted');
    for (const member of world.members) {
      expect(member.chain.reason).toContain(`two certificates of height ${FORK_AT}`);
      expect(readdirSync(join(member.folder, 'halted')).sort()).toEqual(['1.certificate', '2.certificate', 'reason.json']);
    }
    const restart = async (): Promise<bigint[]> => {
      for (const member of world.members) {
        await member.pause();
        await member.start();
      }
      await until(() => world.members.every(({ chain }) => chain.mesh.up.length === 3), 'connected again');
      expect(world.members.map(({ chain }) => chain.phase)).toEqual(['halted', 'halted', 'halted', 'halted']);
      return world.members.map(({ height }) => height);
    };
    // What was decided before they halted may have been on its way to the disk until the first.
    const heights = await restart();
    expect(await restart()).toEqual(heights);
    expect(a.chain.reason).toContain('delete that folder');
  });

  it('a node takes part again when its operator has deleted the record', async () => {
    const one = world.member(0);
    await world.prefill(world.members, FORK_AT);
    await one.start();
    const header = one.chain.store.header(BigInt(FORK_AT));
    if (header === null) throw new Error('no header');
    const other = world.certify({ ...header, timeMs: header.timeMs + 1n });
    const peer = await dialIn(world, [{ type: 'certificate', certificate: other }]);
    await until(() => one.chain.phase === 'halted', 'halted');
    peer.stop();
    await one.pause();
    rmSync(join(one.folder, 'halted'), { recursive: true });
    await one.start();
    expect(one.chain.phase).toBe('running');
  });

  it('halt a node that knows one, and is told the other in a proposal of the next height', async () => {
    const one = world.member(0);
    await world.prefill(world.members, FORK_AT);
    await one.start();
    const below = one.chain.store.header(BigInt(FORK_AT));
    if (below === null) throw new Error('no header');
    const header = { ...below, height: below.height + 1n, timeMs: below.timeMs + 1n };
    const next = { ...header, height: header.height + 1n };
    const block = { header: next, transactions: [], lastCommit: world.certify({ ...header, timeMs: header.timeMs + 1n }), evidence: [] };
    const proposal = { height: next.height, round: 0, polRound: -1, blockHash: blockHash(next), proposer: 0, block, polka: null, signature: new Uint8Array(64) };
    const peer = await dialIn(world, [{ type: 'certificate', certificate: world.certify(header) }, { type: 'proposal', proposal }]);
    await until(() => one.chain.phase === 'halted', 'halted');
    peer.stop();
    expect(one.chain.reason).toContain(`two certificates of height ${FORK_AT + 1}`);
  });

  it.each<[string, (certificate: Certificate) => Certificate]>([
    ['two signers of four', (certificate) => ({ ...certificate, signatures: certificate.signatures.slice(0, 2) })],
    ['a signature of something else', (certificate) => ({ ...certificate, round: 1 })],
  ])('of which one does not hold close its sender, and nothing else: %s', async (_name, spoil) => {
    const one = world.member(0);
    await world.prefill(world.members, FORK_AT);
    await one.start();
    const header = one.chain.store.header(BigInt(FORK_AT));
    if (header === null) throw new Error('no header');
    let down = 0;
    const peer = await dialIn(world, [{ type: 'certificate', certificate: spoil(world.certify({ ...header, timeMs: header.timeMs + 1n })) }], () => void (down += 1));
    await until(() => down > 0, 'closed');
    peer.stop();
    expect(one.chain.phase).not.toBe('halted');
  });

  /** Validator 1, which sends node 0 these messages. */
  async function dialIn({ members }: TestWorld, messages: readonly Message[], down: () => void = () => undefined): Promise<Mesh> {
    const [one, two] = [members[0], members[1]];
    if (one === undefined || two === undefined) throw new Error('no members');
    const { genesisHash } = one.chain.store;
    const mesh = new Mesh(two.identity, genesisHash, () => BigInt(FORK_AT), {
      up: (link) => messages.forEach((message) => void link.send(messageFrame(message))), down, height: () => undefined, frame: () => undefined,
    }, createLogger('silent'));
    two.serveWith((socket, key) => mesh.accept(socket, key));
    mesh.setEndpoints({ [Buffer.from(one.identity.publicKey).toString('hex')]: [`127.0.0.1:${one.port}`] });
    await until(() => mesh.up.length > 0 || one.chain.mesh.up.length > 0, 'connected');
    return mesh;
  }
});
