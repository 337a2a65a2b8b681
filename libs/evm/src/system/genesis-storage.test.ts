import { keyPairOf, toHex, type Bytes } from '#ledger';
import { openTestChain, type TestChain } from '../../testing/chain.js';
import { CONSORTIUM, PERMISSIONS, SystemCaller } from '../../testing/system.js';
import { hex } from '../../testing/wallet.js';
import { memberOfNode } from './node-owner.js';
import { paramsToWords } from './params-words.js';

const account = (n: number): Bytes => new Uint8Array(20).fill(n);
const keys = [1, 2, 3].map((n) => keyPairOf(new Uint8Array(32).fill(n)).publicKey);
const LONG_NAME = `Verein für ${'langwierige '.repeat(20)}Angelegenheiten`;

describe('what a chain begins with', () => {
  let chain: TestChain;
  let system: SystemCaller;
  beforeAll(async () => {
    chain = await openTestChain({
      access: 'members',
      members: [{ name: LONG_NAME, governance: account(1), operations: account(2) }, { name: 'Acme', governance: account(3), operations: account(3) }, { name: 'No nodes', governance: account(4), operations: account(2) }],
      validators: keys.map((publicKey, i) => ({ publicKey, power: BigInt(10 + i), member: i === 2 ? 1 : 0 })),
    });
    system = new SystemCaller(chain);
  });
  afterAll(() => chain.close());

  test('members, with their accounts, powers and names of any length', async () => {
    expect(await system.read(CONSORTIUM, 'member', [0])).toMatchObject({ name: LONG_NAME, governance: hex(account(1)), operations: hex(account(2)), power: 11n, active: true, nodeCount: 2, nodesAllowed: 2, lastRotation: 0n });
    expect(await system.read(CONSORTIUM, 'member', [1])).toMatchObject({ name: 'Acme', power: 12n, nodeCount: 1, nodesAllowed: 1 });
    expect(await system.read(CONSORTIUM, 'member', [2])).toMatchObject({ power: 1n, nodeCount: 0, nodesAllowed: 1 });
    await expect(system.read(CONSORTIUM, 'member', [3])).rejects.toThrow('NoSuchMember');
    expect([await system.read(CONSORTIUM, 'memberCount'), await system.read(CONSORTIUM, 'activeMembers'), await system.read(CONSORTIUM, 'thresholdBps')]).toEqual([3, 3, 5000]);
  });

  test('accounts: whose they are; one that two members name is the first one’s', async () => {
    for (const [who, governs, administrates] of [[1, 0, 0], [2, null, 0], [3, 1, 1], [4, 2, 2], [9, null, null]] as const) {
      expect(await system.read(CONSORTIUM, 'governs', [hex(account(who))])).toEqual([governs !== null, governs ?? 0]);
      expect(await system.read(CONSORTIUM, 'administrates', [hex(account(who))])).toEqual([administrates !== null, administrates ?? 0]);
    }
    expect(await system.read(PERMISSIONS, 'wordOf', [hex(account(3))])).toBe((1n << 8n) | 43n);
    expect([await system.read(PERMISSIONS, 'ruled'), await system.read(PERMISSIONS, 'access')]).toEqual([0n, 1]);
  });

  test('whose node a key is, for those who read storage', () => {
    expect(keys.map((key) => memberOfNode(chain.store.state(), key))).toEqual([LONG_NAME, LONG_NAME, 'Acme']);
    expect(memberOfNode(chain.store.state(), new Uint8Array(32).fill(1))).toBeNull();
  });

  test('nodes, genesis hash and parameters', async () => {
    const active = (await system.read(CONSORTIUM, 'activeKeys')) as string[];
    expect(active).toEqual(keys.map((key) => hex(key)).sort());
    for (const [i, key] of keys.entries()) {
      expect(await system.read(CONSORTIUM, 'node', [hex(key)])).toMatchObject({ member: i === 2 ? 1 : 0, power: BigInt(10 + i), status: 2, index: active.indexOf(hex(key)) });
    }
    expect(await system.read(CONSORTIUM, 'genesisHash')).toBe(`0x${toHex(chain.store.genesisHash)}`);
    const { low, high } = paramsToWords(chain.genesis.params);
    expect(await system.read(CONSORTIUM, 'params')).toEqual([low, high]);
  });
});
