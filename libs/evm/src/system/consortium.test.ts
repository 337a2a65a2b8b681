import { encodeFunctionData } from 'viem';
import { bindingSignBytes, keyPairOf, sign, type KeyPair } from '#ledger';
import { openTestChain, type TestChain } from '../../testing/chain.js';
import { CONSORTIUM, SystemCaller } from '../../testing/system.js';
import { hex, Wallet } from '../../testing/wallet.js';

const HOUR_MS = 3_600_000n;
const keys = Array.from({ length: 8 }, (_, i) => keyPairOf(new Uint8Array(32).fill(i + 100)));
const key = (i: number): KeyPair => keys[i] as KeyPair;
const pub = (i: number): `0x${string}` => hex(key(i).publicKey);

describe('Consortium', () => {
  let chain: TestChain;
  let system: SystemCaller;
  let [anna, bert, cora, operator] = [] as unknown as [Wallet, Wallet, Wallet, Wallet];
  const head = (): bigint => chain.store.head().height;

  const begin = async (faultModel: 'BFT' | 'CFT' = 'BFT'): Promise<void> => {
    [anna, bert, cora, operator] = [new Wallet('anna'), new Wallet('bert'), new Wallet('cora'), new Wallet('operator')];
    chain = await openTestChain({
      faultModel,
      members: [anna, bert, cora].map(({ address }, i) => ({ name: `member ${i}`, governance: address, operations: address })),
      validators: [0, 1].map((i) => ({ publicKey: key(i).publicKey, power: 1n, member: 0 })),
    });
    system = new SystemCaller(chain);
    for (let i = 0; i < 3; i++) await chain.commit([]);
  };
  beforeEach(() => begin());
  afterEach(() => chain.close());

  const action = (functionName: string, args: readonly unknown[]): `0x${string}` => encodeFunctionData({ abi: CONSORTIUM.abi, functionName, args });
  const propose = (by: Wallet, functionName: string, args: readonly unknown[]): Promise<string | null> => system.send(by, CONSORTIUM, 'propose', [action(functionName, args)]);
  const vote = (by: Wallet, id: bigint, yes = true): Promise<string | null> => system.send(by, CONSORTIUM, 'vote', [id, yes]);
  const rotate = (by: Wallet, from: number, to: number): Promise<string | null> => {
    const height = head();
    return system.send(by, CONSORTIUM, 'rotateNode', [pub(from), pub(to), height, system.binding(key(to), 0, height)]);
  };

  test('what only a passed proposal does, nobody does by himself, and no other call may be proposed', async () => {
    for (const [name, args] of [['remove', [1]], ['setAccess', [1]], ['setRules', [9000, 86_400]], ['admit', ['x', operator.account.address, operator.account.address, 1n, 1]]] as const) {
      expect(await system.send(anna, CONSORTIUM, name, args)).toBe('OnlyByProposal');
    }
    expect([await propose(operator, 'setAccess', [1]), await propose(anna, 'vote', [1n, true]), await system.send(anna, CONSORTIUM, 'propose', ['0x12'])]).toEqual(['NotGovernance', 'BadAction', 'BadAction']);
  });

  test('votes may change until more than the threshold say yes; members that left do not count', async () => {
    expect(await propose(anna, 'setRules', [6667, 86_400])).toBeNull();
    expect(await vote(anna, 1n, false)).toBeNull();
    expect(await vote(bert, 1n)).toBeNull();
    expect(await system.read(CONSORTIUM, 'proposal', [1n])).toMatchObject({ state: 1, yes: 1 });
    expect(await vote(cora, 1n)).toBeNull();
    expect([await system.read(CONSORTIUM, 'thresholdBps'), await vote(anna, 1n)]).toEqual([6667, 'ProposalClosed']);
    // Two thirds and more: all three are needed now.
    expect([await propose(anna, 'setAccess', [1]), await vote(bert, 2n)]).toEqual([null, null]);
    expect(await system.read(CONSORTIUM, 'proposal', [2n])).toMatchObject({ state: 1, yes: 2 });
    expect([await propose(anna, 'remove', [1]), await vote(bert, 3n), await vote(cora, 3n)]).toEqual([null, null, null]);
    expect(await system.read(CONSORTIUM, 'proposal', [2n])).toMatchObject({ yes: 1 });
  });

  test('a proposal expires', async () => {
    expect(await propose(anna, 'setAccess', [1])).toBeNull();
    await chain.commit([], 8n * 24n * HOUR_MS);
    expect(await vote(bert, 1n)).toBe('ProposalExpired');
  });

  test('a proof counts for its key, member, chain and block only', async () => {
    expect(await system.decide([anna, bert], 'change', [1, 1n, 2])).toBeNull();
    const register = (by: Wallet, i: number, proof: string): Promise<string | null> => system.send(by, CONSORTIUM, 'registerNode', [pub(i), proof]);
    expect(await register(bert, 3, system.binding(key(4), 1))).toBe('BadProof');
    expect(await register(bert, 3, system.binding(key(3), 2))).toBe('BadProof');
    expect(await register(bert, 3, system.binding(key(3), 1, head()))).toBe('BadProof');
    expect(await register(bert, 3, '0x12')).toBe('BadProof');
    const other = hex(sign(key(3).privateKey, bindingSignBytes(new Uint8Array(32).fill(9), { member: 1, publicKey: key(3).publicKey, height: 0n, blockHash: new Uint8Array(32).fill(9) })));
    expect(await register(bert, 3, other)).toBe('BadProof');
    // The identity of the curve signs everything for some libraries.
    const identity = `0x01${'00'.repeat(31)}`;
    expect(await system.send(bert, CONSORTIUM, 'registerNode', [identity, `${identity}${'00'.repeat(32)}`])).toBe('BadProof');
    expect(await register(bert, 3, system.binding(key(3), 1))).toBeNull();
    expect(await register(cora, 3, system.binding(key(3), 2))).toBe('KeyUsed');
    const activate = async (height: bigint): Promise<string | null> => system.send(operator, CONSORTIUM, 'activate', [pub(3), height, system.binding(key(3), 1, height > head() ? 0n : height)]);
    expect(await activate(head() + 5n)).toBe('StaleBinding');
    const old = head();
    for (let i = 0; i < 130; i++) await chain.commit([]);
    expect(await activate(old)).toBe('StaleBinding');
    expect(await activate(head())).toBeNull();
    expect(await system.read(CONSORTIUM, 'node', [pub(3)])).toMatchObject({ member: 1, status: 2 });
  });

  test('an operator rotates keys as often as it may, until that is taken back', async () => {
    expect(await rotate(operator, 0, 2)).toBe('NotAdministrator');
    expect(await system.send(anna, CONSORTIUM, 'delegateRotation', [operator.account.address, 59])).toBe('BadRules');
    expect(await system.send(anna, CONSORTIUM, 'delegateRotation', [operator.account.address, 3600])).toBeNull();
    expect([await rotate(operator, 0, 2), await rotate(operator, 2, 3)]).toEqual([null, 'RotatedTooSoon']);
    // The member itself is not held to it; the key that went never comes back.
    expect([await rotate(anna, 2, 3), await rotate(anna, 3, 0)]).toEqual([null, 'KeyUsed']);
    await chain.commit([], HOUR_MS);
    expect(await rotate(operator, 3, 4)).toBeNull();
    expect(await system.send(anna, CONSORTIUM, 'delegateRotation', ['0x0000000000000000000000000000000000000000', 0])).toBeNull();
    await chain.commit([], 2n * HOUR_MS);
    expect(await rotate(operator, 4, 5)).toBe('NotAdministrator');
    expect((await system.read(CONSORTIUM, 'activeKeys')) as string[]).toEqual(expect.arrayContaining([pub(4), pub(1)]));
  });

  test('parameters under which the members could mend nothing any more are refused', async () => {
    const low = [0, 60_000, 6, 1000, 3000, 1000, 1000, 500];
    const word = (values: readonly number[]): bigint => values.reduce((sum, n, i) => sum | (BigInt(n) << BigInt(32 * i)), 0n);
    const high = (bytes: bigint, block: bigint, tx: bigint): bigint => bytes | (block << 32n) | (tx << 96n);
    const good = high(1n << 20n, 30_000_000n, 1n << 24n);
    for (const i of [1, 4, 5, 6]) expect(await system.decide([anna, bert], 'setParams', [word(low.map((n, at) => (at === i ? 0 : n))), good])).toBe('BadParams');
    // Under these the next proposal would wait for days, or a timer would not hold the time.
    for (const i of [0, 1, 3, 4, 5, 6, 7]) {
      const most = i === 1 ? 7 * 86_400_000 : 3_600_000;
      for (const ms of [most + 1, 2 ** 32 - 1]) expect(await system.decide([anna, bert], 'setParams', [word(low.map((n, at) => (at === i ? ms : n))), good])).toBe('BadParams');
      expect(await system.decide([anna, bert], 'setParams', [word(low.map((n, at) => (at === i ? most : n))), good])).toBeNull();
    }
    for (const bad of [high(4096n, 30_000_000n, 1n << 24n), high(1n << 26n, 30_000_000n, 1n << 24n), high(1n << 20n, 30_000_000n, 21_000n), high(1n << 20n, 5_000_000n, 6_000_000n), high(1n << 20n, 1_000_000_001n, 1n << 24n), good | (1n << 200n)]) {
      expect(await system.decide([anna, bert], 'setParams', [word(low), bad])).toBe('BadParams');
    }
    expect(await system.decide([anna, bert], 'setParams', [word(low), high(1n << 20n, 1_000_000_000n, 1n << 24n)])).toBeNull();
    expect(await system.decide([anna, bert], 'setParams', [word(low), good])).toBeNull();
  });

  test('a transaction is traced by the limits of its time, though the members have lowered them', async () => {
    const wallet = new Wallet('spender');
    const { header } = await chain.commit([await wallet.sign({ to: wallet.account.address, gas: 5_000_000n })]);
    const intervals = [0, 60_000, 6, 1000, 3000, 1000, 1000, 500].reduce((sum, n, i) => sum | (BigInt(n) << BigInt(32 * i)), 0n);
    const sizes = (1n << 20n) | (30_000_000n << 32n) | (4_000_000n << 96n);
    expect(await system.decide([anna, bert], 'setParams', [intervals, sizes])).toBeNull();
    await chain.commit([]);
    expect(chain.store.paramsAt(chain.store.head().height).txGasLimit).toBe(4_000_000n);
    expect(await chain.executor.trace(header.height, 0, { onlyTopCall: false })).toMatchObject([{ gas: 5_000_000n, gasUsed: 21_000n }]);
  });

  test('under CFT one member owns every validator', async () => {
    await chain.close();
    await begin('CFT');
    expect(await system.decide([anna, bert], 'change', [0, 1n, 3])).toBeNull();
    expect(await system.send(bert, CONSORTIUM, 'registerNode', [pub(2), system.binding(key(2), 1)])).toBe('OneOwnerOnly');
    expect(await system.send(anna, CONSORTIUM, 'registerNode', [pub(2), system.binding(key(2), 0)])).toBeNull();
  });

  test('a lost governance key is replaced by the others, a kept one by its owner', async () => {
    const [next, last] = [new Wallet('next'), new Wallet('last')];
    expect(await system.decide([bert, cora], 'setAccounts', [0, next.account.address, anna.account.address])).toBeNull();
    expect([await propose(anna, 'setAccess', [1]), await propose(next, 'setAccess', [1])]).toEqual(['NotGovernance', null]);
    expect(await system.send(next, CONSORTIUM, 'changeGovernance', [bert.account.address])).toBe('AccountTaken');
    expect(await system.send(next, CONSORTIUM, 'changeGovernance', [last.account.address])).toBeNull();
    expect(await system.read(CONSORTIUM, 'governs', [last.account.address])).toEqual([true, 0]);
  });
});
