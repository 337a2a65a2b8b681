import { encodeFunctionData, keccak256, type Hex } from 'viem';
import { fromHex, toHex, type Bytes } from '#ledger';
import { openTestChain, type TestChain } from '../../testing/chain.js';
import { compile } from '../../testing/contracts.js';
import { CONSORTIUM, PERMISSIONS, SystemCaller } from '../../testing/system.js';
import { hex, Wallet } from '../../testing/wallet.js';
import { CONSORTIUM_ADDRESS, PERMISSIONS_ADDRESS } from './addresses.js';
import { CONSORTIUM_SLOTS, mappingSlot, PERMISSIONS_SLOTS, slot } from './layout.js';
import { paramsToWords } from './params-words.js';

/** Creates a contract of this code: PUSH2 length, DUP1, PUSH1 11, PUSH0, CODECOPY, PUSH0, RETURN. */
const creationOf = (code: string): `0x${string}` => `0x61${(code.length / 2).toString(16).padStart(4, '0')}80600a5f395ff3${code}`;

describe('an upgrade of a system contract by its members', () => {
  let chain: TestChain;
  let system: SystemCaller;
  const [anna, bert] = [new Wallet('anna'), new Wallet('bert')];
  /** The same contract with a byte behind it that never runs. */
  const next = `${PERMISSIONS.runtime.slice(2)}00`;
  let at: Bytes;

  beforeAll(async () => {
    chain = await openTestChain({ members: [anna, bert].map(({ address }, i) => ({ name: `member ${i}`, governance: address, operations: address })) });
    system = new SystemCaller(chain);
    const block = await chain.commit([await anna.sign({ data: creationOf(next), gas: 8_000_000n })]);
    at = chain.store.results(block.header.height)?.[0]?.contractAddress as Bytes;
    expect(toHex(chain.store.state().code(at))).toBe(next);
  });
  afterAll(() => chain.close());

  const codeOf = (address: Bytes): string => toHex(chain.store.state().code(address));
  const plan = (height: bigint, target = PERMISSIONS.address, code = hex(at), hash = keccak256(`0x${next}`)): Promise<string | null> => system.decide([anna, bert], 'upgrade', [target, code, hash, height]);

  test('takes place when its height begins, and not before; storage stays', async () => {
    const height = chain.store.head().height + 5n;
    expect(await plan(height)).toBeNull();
    expect(await system.read(CONSORTIUM, 'pendingUpgrade')).toMatchObject({ height, target: 2 });
    while (chain.store.head().height < height - 1n) await chain.commit([]);
    expect(codeOf(PERMISSIONS_ADDRESS)).toBe(PERMISSIONS.runtime.slice(2));
    const word = await system.read(PERMISSIONS, 'wordOf', [anna.account.address]);
    // The first transaction of that block already meets the new code.
    await chain.commit([await system.raw(anna, PERMISSIONS, 'createRole', ['first'])]);
    expect([codeOf(PERMISSIONS_ADDRESS), chain.store.results(height)?.[0]?.status]).toEqual([next, 1]);
    expect([await system.read(PERMISSIONS, 'wordOf', [anna.account.address]), await system.read(PERMISSIONS, 'roleCount')]).toEqual([word, 1]);
    await chain.commit([]);
    expect(codeOf(PERMISSIONS_ADDRESS)).toBe(next);
    expect(codeOf(CONSORTIUM_ADDRESS)).toBe(CONSORTIUM.runtime.slice(2));
  });

  test('is refused for code that is not the named one, for a height that is over, and for other contracts', async () => {
    const later = chain.store.head().height + 50n;
    expect(await plan(later, PERMISSIONS.address, hex(at), keccak256('0x00'))).toBe('BadUpgrade');
    expect(await plan(later, PERMISSIONS.address, anna.account.address)).toBe('BadUpgrade');
    expect(await plan(chain.store.head().height)).toBe('BadUpgrade');
    expect(await plan(later, hex(at))).toBe('BadUpgrade');
    expect(fromHex(CONSORTIUM.address)).toEqual(CONSORTIUM_ADDRESS);
  });

  test('can be called off: the next decision takes the place of the one that waits, even of one for a height that never comes', async () => {
    expect(await plan((1n << 64n) - 1n, CONSORTIUM.address)).toBeNull();
    const height = chain.store.head().height + 5n;
    expect(await plan(height, CONSORTIUM.address)).toBeNull();
    const before = codeOf(CONSORTIUM_ADDRESS);
    expect(await plan(height, CONSORTIUM.address, CONSORTIUM.address, keccak256(`0x${before}`))).toBeNull();
    while (chain.store.head().height <= height) await chain.commit([]);
    expect(codeOf(CONSORTIUM_ADDRESS)).toBe(before);
  });
});

describe('an upgrade to code that was only there while it was decided', () => {
  test('does not take place: what stands at that address by then is not what the members have approved', async () => {
    const [anna, bert] = [new Wallet('anna'), new Wallet('bert')];
    const chain = await openTestChain({ members: [anna, bert].map(({ address }, i) => ({ name: `member ${i}`, governance: address, operations: address })) });
    try {
      const system = new SystemCaller(chain);
      const { Swapper } = compile('Swapper.sol');
      if (Swapper === undefined) throw new Error('not compiled');
      const made = await chain.commit([await bert.sign({ data: Swapper.bytecode, gas: 4_000_000n })]);
      const swapper = hex(chain.store.results(made.header.height)?.[0]?.contractAddress as Bytes);
      expect(await system.send(bert, CONSORTIUM, 'changeGovernance', [swapper])).toBeNull();
      const call = async (functionName: string, args: readonly unknown[]): Promise<number | undefined> => {
        const block = await chain.commit([await bert.sign({ to: swapper, data: encodeFunctionData({ abi: Swapper.abi, functionName, args }), gas: 12_000_000n })]);
        return chain.store.results(block.header.height)?.[0]?.status;
      };
      const approved = `${PERMISSIONS.runtime}00` as Hex;
      const placed = await chain.executor.call({ to: fromHex(swapper), data: fromHex(encodeFunctionData({ abi: Swapper.abi, functionName: 'place' })) });
      const place = placed.ok ? placed.returnData.slice(12) : new Uint8Array(20);
      const height = chain.store.head().height + 8n;
      const action = encodeFunctionData({ abi: CONSORTIUM.abi, functionName: 'upgrade', args: [PERMISSIONS.address, hex(place), keccak256(approved), height] });
      expect(await system.send(anna, CONSORTIUM, 'propose', [action])).toBeNull();
      // The last vote comes in the transaction that makes the approved code, and unmakes it at its end.
      const vote = encodeFunctionData({ abi: CONSORTIUM.abi, functionName: 'vote', args: [1n, true] });
      expect(await call('during', [approved, CONSORTIUM.address, vote])).toBe(1);
      expect([await system.read(CONSORTIUM, 'pendingUpgrade'), toHex(chain.store.state().code(place))]).toMatchObject([{ height, target: 2 }, '']);
      expect(await call('leave', ['0x5f5ffd'])).toBe(1);
      expect(toHex(chain.store.state().code(place))).toBe('5f5ffd');
      while (chain.store.head().height < height) await chain.commit([]);
      expect(toHex(chain.store.state().code(PERMISSIONS_ADDRESS))).toBe(PERMISSIONS.runtime.slice(2));
    } finally {
      await chain.close();
    }
  });
});

describe('code that changes storage and leaves the revisions as they are', () => {
  /** SSTORE of its two words of calldata. */
  const careless = '6020355f355500';
  const [anna, bert, clerk] = [new Wallet('anna'), new Wallet('bert'), new Wallet('clerk')];
  let chain: TestChain;
  let system: SystemCaller;
  beforeEach(async () => {
    chain = await openTestChain({ access: 'members', members: [anna, bert].map(({ address }, i) => ({ name: `member ${i}`, governance: address, operations: address })) });
    for (const wallet of [anna, bert, clerk]) wallet.nonce = 0;
    system = new SystemCaller(chain);
  });
  afterEach(() => chain.close());

  async function replace(target: Hex, code: string): Promise<void> {
    const made = await chain.commit([await anna.sign({ data: creationOf(code), gas: 8_000_000n })]);
    const at = chain.store.results(made.header.height)?.[0]?.contractAddress as Bytes;
    const height = chain.store.head().height + 4n;
    expect(await system.decide([anna, bert], 'upgrade', [target, hex(at), keccak256(`0x${code}`), height])).toBeNull();
    while (chain.store.head().height < height) await chain.commit([]);
  }
  const write = (address: Bytes, at: Bytes, value: bigint): Promise<Bytes> => anna.sign({ to: hex(address), data: `0x${toHex(at)}${toHex(slot(value))}`, gas: 200_000n });

  test('Permissions: a validator that remembers what was before refuses like one that has just started', async () => {
    expect(await system.send(anna, PERMISSIONS, 'setAccount', [clerk.account.address, true, false, false])).toBeNull();
    await chain.commit([await clerk.sign({ to: anna.account.address })]);
    await replace(PERMISSIONS.address, careless);
    const word = mappingSlot(clerk.address, slot(PERMISSIONS_SLOTS.words));
    const raws = [await clerk.sign({ to: anna.account.address }), await write(PERMISSIONS_ADDRESS, word, 0n), await clerk.sign({ to: anna.account.address })];
    await expect(chain.execute(raws)).rejects.toMatchObject({ details: { index: 2, cause: 'accountMayNotTransact' } });
    await chain.commit(raws.slice(0, 2));
    await expect(chain.execute(raws.slice(2))).rejects.toMatchObject({ details: { index: 0, cause: 'accountMayNotTransact' } });
    await replace(PERMISSIONS.address, PERMISSIONS.runtime.slice(2));
    await expect(chain.execute(raws.slice(2))).rejects.toMatchObject({ details: { index: 0, cause: 'accountMayNotTransact' } });
  });

  test('Consortium: parameters are read anew', async () => {
    await replace(CONSORTIUM.address, careless);
    const { high } = paramsToWords(chain.store.paramsAt(chain.store.head().height));
    await chain.commit([await write(CONSORTIUM_ADDRESS, slot(CONSORTIUM_SLOTS.paramsHigh), high + (1n << 32n))]);
    const { height } = chain.store.head();
    expect(chain.store.paramsAt(height + 1n).blockGasLimit).toBe(chain.store.paramsAt(height).blockGasLimit + 1n);
  });
});
