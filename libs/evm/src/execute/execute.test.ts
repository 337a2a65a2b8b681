import { decodeErrorResult, decodeFunctionResult, encodeDeployData, encodeFunctionData, getContractAddress, getCreate2Address, hexToBytes, parseTransaction, recoverAddress, sha256 as viemSha256, type Hex } from 'viem';
import { blockHash, fromHex, toHex, type Bytes } from '#ledger';
import { compile } from '../../testing/contracts.js';
import { EVM_CHAIN_ID, openTestChain, type TestChain } from '../../testing/chain.js';
import { hex, Wallet } from '../../testing/wallet.js';
import { createExecutor, EvmError } from '../index.js';

const { Token, Probe, Child } = compile('Contracts.sol') as Record<'Token' | 'Probe' | 'Child', NonNullable<ReturnType<typeof compile>[string]>>;

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof EvmError) return error.details.cause ?? error.code;
    throw error;
  }
  return 'ok';
}

describe('execution', () => {
  let chain: TestChain;
  const alice = new Wallet('alice');
  const bob = new Wallet('bob');
  let token: Bytes;
  let probe: Bytes;

  const at = (address: Bytes): Hex => hex(address);
  const read = async (abi: typeof Probe.abi, to: Bytes, functionName: string, args: unknown[] = [], height?: bigint): Promise<unknown> => {
    const result = await chain.executor.call({ to, data: hexToBytes(encodeFunctionData({ abi, functionName, args })) }, height);
    if (!result.ok) throw new Error(result.message);
    return decodeFunctionResult({ abi, functionName, data: hex(result.returnData) });
  };
  const send = async (wallet: Wallet, abi: typeof Probe.abi, to: Bytes, functionName: string, args: unknown[] = [], fields: object = {}): Promise<Bytes> =>
    wallet.sign({ to: at(to), data: encodeFunctionData({ abi, functionName, args }), ...fields });

  beforeAll(async () => {
    chain = await openTestChain({ alloc: [{ address: alice.address, balance: 10n ** 18n, code: new Uint8Array(0) }] });
    await chain.commit([]);
    await chain.commit([
      await alice.sign({ data: encodeDeployData({ abi: Token.abi, bytecode: Token.bytecode, args: [1_000_000n] }) }),
      await alice.sign({ data: Probe.bytecode, gas: 3_000_000n }),
    ]);
    const results = chain.store.results(2n) ?? [];
    token = results[0]?.contractAddress as Bytes;
    probe = results[1]?.contractAddress as Bytes;
    expect(results.map((result) => result.status)).toEqual([1, 1]);
  });
  afterAll(() => chain.close());

  test('deployment: the address is the one that wallets expect, the code is there, gas was counted as Ethereum counts it', async () => {
    expect(at(token)).toBe(getContractAddress({ from: alice.account.address, nonce: 0n }).toLowerCase());
    expect(at(chain.store.state().code(token)) as string).toBe(Token.runtime);
    expect(chain.store.state().account(token)?.nonce).toBe(1n);
  });

  test('ERC-20 transfer by an account without any balance, with fees offered; none is charged', async () => {
    await chain.commit([await send(alice, Token.abi, token, 'transfer', [bob.account.address, 500n])]);
    const raw = await send(bob, Token.abi, token, 'transfer', [alice.account.address, 200n], { maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 10n ** 9n });
    const block = await chain.commit([raw]);
    const [result] = chain.store.results(block.header.height) ?? [];
    expect(result?.status).toBe(1);
    expect(result?.logs).toHaveLength(1);
    expect(await read(Token.abi, token, 'balanceOf', [bob.account.address])).toBe(300n);
    expect(chain.store.state().account(bob.address)).toMatchObject({ nonce: 1n, balance: 0n });
    expect(chain.store.state().account(alice.address)?.balance).toBe(10n ** 18n);
    expect(chain.store.state().account(new Uint8Array(20))).toBeNull();
  });

  test('value transfers move the allotted supply and need the value; a plain one costs 21000', async () => {
    const block = await chain.commit([await alice.sign({ to: bob.account.address, value: 5n, gas: 21_000n })]);
    expect(chain.store.results(block.header.height)?.[0]?.gasUsed).toBe(21_000n);
    expect(chain.store.state().account(bob.address)?.balance).toBe(5n);
    const poor = new Wallet('poor');
    expect(await codeOf(chain.execute([await poor.sign({ to: bob.account.address, value: 1n })]))).toBe('insufficientFunds');
  });

  test('a revert with a reason, a custom error and a panic surface their data; the nonce moves, nothing else does', async () => {
    const before = chain.store.state().account(alice.address)?.nonce as bigint;
    const block = await chain.commit([
      await send(alice, Probe.abi, probe, 'fail', ['because']),
      await send(alice, Token.abi, token, 'transfer', [bob.account.address, 10n ** 9n]),
    ]);
    const [reason, custom] = chain.store.results(block.header.height) ?? [];
    expect([reason?.status, custom?.status, reason?.logs.length]).toEqual([0, 0, 0]);
    expect(decodeErrorResult({ abi: Probe.abi, data: hex(reason?.revertData as Bytes) })).toMatchObject({ errorName: 'Error', args: ['because'] });
    expect(decodeErrorResult({ abi: Token.abi, data: hex(custom?.revertData as Bytes) })).toMatchObject({ errorName: 'InsufficientBalance' });
    expect(chain.store.state().account(alice.address)?.nonce).toBe(before + 2n);
    const panic = await chain.executor.call({ to: probe, data: hexToBytes(encodeFunctionData({ abi: Probe.abi, functionName: 'panic' })) });
    expect(panic).toMatchObject({ ok: false, code: 'executionReverted' });
  });

  test('an inner revert undoes the inner writes only', async () => {
    await chain.commit([await send(alice, Probe.abi, probe, 'tryInner')]);
    expect(await read(Probe.abi, probe, 'counter')).toBe(2n);
  });

  test('CREATE2 gives the address that was computed before; a second time it fails', async () => {
    const salt = `0x${'5a'.repeat(32)}` as Hex;
    const bytecode = `${Child.bytecode}${'0'.repeat(62)}2a` as Hex;
    const expected = getCreate2Address({ from: at(probe), salt, bytecode });
    const block = await chain.commit([await send(alice, Probe.abi, probe, 'create2', [salt, 42n]), await send(alice, Probe.abi, probe, 'create2', [salt, 42n])]);
    expect(chain.store.results(block.header.height)?.map((result) => result.status)).toEqual([1, 0]);
    expect(await read(Child.abi, fromHex(expected), 'tag')).toBe(42n);
  });

  test('the environment is the specified one', async () => {
    await chain.commit([]);
    const head = chain.store.head();
    const [number, time, randao, coinbase, gasPrice, baseFee, previous, chainId, gasLimit] = (await read(Probe.abi, probe, 'environment')) as [bigint, bigint, bigint, Hex, bigint, bigint, Hex, bigint, bigint];
    const below = chain.store.blockHashAt(head.height - 1n) as Bytes;
    const expected = viemSha256(new Uint8Array([...below, ...hexToBytes(`0x${head.height.toString(16).padStart(16, '0')}`)]));
    expect({ number, time, coinbase, gasPrice, baseFee, chainId, gasLimit }).toEqual({
      number: head.height, time: head.timeMs / 1000n, coinbase: `0x${'0'.repeat(40)}`, gasPrice: 0n, baseFee: 0n, chainId: EVM_CHAIN_ID, gasLimit: 30_000_000n,
    });
    expect(randao).toBe(BigInt(expected));
    expect(previous).toBe(at(below));
  });

  test('a block sees the same environment as a later call at its height', async () => {
    const block = await chain.commit([await send(alice, Probe.abi, probe, 'see')]);
    const [number, time, randao] = (await read(Probe.abi, probe, 'environment', [], block.header.height)) as bigint[];
    const log = chain.store.results(block.header.height)?.[0]?.logs[0];
    expect([BigInt(at(log?.topics[1] as Bytes)), BigInt(at(log?.topics[2] as Bytes)), BigInt(at(log?.data as Bytes))]).toEqual([number, randao, time]);
  });

  test('the native ECRECOVER agrees with viem', async () => {
    const digest = `0x${'11'.repeat(32)}` as Hex;
    const signed = await bob.account.sign({ hash: digest });
    const [r, s, v] = [`0x${signed.slice(2, 66)}`, `0x${signed.slice(66, 130)}`, Number(`0x${signed.slice(130)}`)];
    expect(await read(Probe.abi, probe, 'recover', [digest, v, r, s])).toBe(await recoverAddress({ hash: digest, signature: signed }));
    expect(await read(Probe.abi, probe, 'recover', [digest, 29, r, s])).toBe(`0x${'0'.repeat(40)}`);
  });

  test('the precompiles answer, and the one for blobs fails without harm', async () => {
    const call = async (address: number, input: Hex): Promise<[boolean, Hex]> => {
      const data = encodeFunctionData({ abi: Probe.abi, functionName: 'precompile', args: [`0x${address.toString(16).padStart(40, '0')}`, input] });
      const result = await chain.executor.call({ to: probe, data: hexToBytes(data), gasLimit: 10_000_000n });
      return decodeFunctionResult({ abi: Probe.abi, functionName: 'precompile', data: hex(result.returnData) }) as [boolean, Hex];
    };
    expect(await call(2, '0x')).toEqual([true, viemSha256('0x')]);
    expect(await call(4, '0x1234')).toEqual([true, '0x1234']);
    expect(await call(0x0a, `0x${'00'.repeat(192)}`)).toEqual([false, '0x']);
    expect((await call(5, `0x${'0'.repeat(63)}1${'0'.repeat(63)}1${'0'.repeat(63)}1030507`))[1]).toBe('0x05');
    const block = await chain.commit([await send(alice, Probe.abi, probe, 'precompile', [`0x${'0'.repeat(39)}a`, '0x00'], { gas: 2_000_000n }), await alice.sign({ to: `0x${'0'.repeat(39)}a`, data: '0x00' })]);
    expect(chain.store.results(block.header.height)?.map((result) => result.status)).toEqual([1, 0]);
  });

  test('calls nest as deep as gas allows', async () => {
    const data = hexToBytes(encodeFunctionData({ abi: Probe.abi, functionName: 'dive', args: [0n] }));
    const result = await chain.executor.call({ to: probe, data, gasLimit: 50_000_000n });
    expect(result.ok).toBe(true);
    expect(Number(BigInt(hex(result.returnData)))).toBeGreaterThan(300);
  });

  test('a contract that destroys itself in its own transaction is gone, its value with the heir', async () => {
    const before = chain.store.state().account(alice.address)?.balance as bigint;
    const raw = await send(alice, Probe.abi, probe, 'flash', [], { value: 77n });
    const block = await chain.commit([raw]);
    expect(chain.store.results(block.header.height)?.[0]?.status).toBe(1);
    const flash = getContractAddress({ from: at(probe), nonce: 2n });
    expect(chain.store.state().account(fromHex(flash))).toBeNull();
    expect(chain.store.state().account(alice.address)?.balance).toBe(before);
  });

  test('clearing slots is refunded by at most a fifth (EIP-3529)', async () => {
    await chain.commit([await send(alice, Probe.abi, probe, 'fill', [0n, 20n])]);
    const block = await chain.commit([await send(alice, Probe.abi, probe, 'clear', [0n, 20n])]);
    const gasUsed = chain.store.results(block.header.height)?.[0]?.gasUsed as bigint;
    const estimate = await chain.executor.estimateGas({ from: alice.address, to: probe, data: hexToBytes(encodeFunctionData({ abi: Probe.abi, functionName: 'fill', args: [30n, 40n] })) });
    // The same call on slots that are zero already: each of 20 writes costs 2800 less, and nothing is refunded.
    const again = await chain.commit([await send(alice, Probe.abi, probe, 'clear', [0n, 20n])]);
    const unrefunded = (chain.store.results(again.header.height)?.[0]?.gasUsed as bigint) + 20n * 2800n;
    expect(gasUsed).toBe(unrefunded - unrefunded / 5n);
    expect(estimate).toBeGreaterThan(200_000n);
    expect(await read(Probe.abi, probe, 'slots', [3n])).toBe(0n);
    expect(await read(Probe.abi, probe, 'slots', [3n], block.header.height - 1n)).toBe(4n);
  });

  test('EIP-7623: data costs at least 10 gas for each token', async () => {
    const data = `0x${'ff'.repeat(1000)}` as Hex;
    const block = await chain.commit([await alice.sign({ to: bob.account.address, data })]);
    expect(chain.store.results(block.header.height)?.[0]?.gasUsed).toBe(21_000n + 40_000n);
  });

  test('same block, same roots, twice; executing persists nothing', async () => {
    const raws = [await send(alice, Token.abi, token, 'transfer', [bob.account.address, 1n]), await send(alice, Probe.abi, probe, 'set', [1n, 2n])];
    const head = chain.store.head();
    const first = await chain.execute(raws);
    const second = await chain.execute(raws);
    expect(toHex(first.stateRoot)).toBe(toHex(second.stateRoot));
    expect(toHex(first.receiptsRoot)).toBe(toHex(second.receiptsRoot));
    expect(chain.store.head()).toEqual(head);
    expect(toHex(chain.store.state().root())).toBe(toHex(head.stateRoot));
    const other = await chain.execute(raws.slice(0, 1));
    expect(toHex(other.stateRoot)).not.toBe(toHex(first.stateRoot));
    alice.nonce -= 2;
  });

  test('a block with a transaction that cannot stand there is refused with its place and reason', async () => {
    const good = await send(alice, Probe.abi, probe, 'set', [1n, 2n]);
    expect(await codeOf(chain.execute([good, good]))).toBe('nonceTooLow');
    alice.nonce += 5;
    const far = await send(alice, Probe.abi, probe, 'set', [1n, 2n]);
    const error = await chain.execute([good, far]).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'invalidBlock', details: { index: 1, cause: 'nonceTooHigh' } });
    alice.nonce -= 7;
    const heavy = await Promise.all(Array.from({ length: 3 }, async () => send(alice, Probe.abi, probe, 'burn', [1n << 200n], { gas: 1n << 24n })));
    expect(await codeOf(chain.execute(heavy))).toBe('blockGasExceeded');
    alice.nonce -= 3;
  }, 30_000);

  test('commit refuses another block than the executed one, and a parent that is not the head', async () => {
    const raw = await send(alice, Probe.abi, probe, 'set', [9n, 9n]);
    const stale = await chain.execute([raw]);
    await chain.commit([raw]);
    await expect(chain.executor.executeBlock({ parent: stale.parent, timeMs: stale.timeMs, transactions: [] })).rejects.toMatchObject({ code: 'staleParent' });
    const executed = await chain.execute([]);
    const block = chain.store.block(chain.store.head().height);
    if (block === null) throw new Error('no block');
    const certificate = { kind: 'precommit' as const, height: executed.height, round: 0, blockHash: blockHash(block.header), signatures: [] };
    await expect(chain.executor.commit(block, certificate, executed)).rejects.toMatchObject({ code: 'invalidBlock' });
  });

  test('a long transaction leaves the event loop to others, and ends when it is cancelled or a call takes too long', async () => {
    const raw = await send(alice, Probe.abi, probe, 'burn', [1n << 200n], { gas: 1n << 24n });
    alice.nonce -= 1;
    const parent = chain.store.head();
    const controller = new AbortController();
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
      if (turns === 5) controller.abort();
    }, 1);
    const run = chain.executor.executeBlock({ parent, timeMs: parent.timeMs + 1n, transactions: [chain.executor.admit(raw)], signal: controller.signal });
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    clearInterval(timer);
    expect(turns).toBeGreaterThanOrEqual(5);
    const hasty = await createExecutor({ store: chain.store, callTimeoutMs: 30 });
    const data = hexToBytes(encodeFunctionData({ abi: Probe.abi, functionName: 'burn', args: [1n << 200n] }));
    expect(await codeOf(hasty.call({ to: probe, data }))).toBe('callTimeout');
    expect((await hasty.call({ to: probe, data: hexToBytes(encodeFunctionData({ abi: Probe.abi, functionName: 'counter' })) })).ok).toBe(true);
  });

  test('cancelling ends an execution between two transactions', async () => {
    const raws = await Promise.all(Array.from({ length: 4 }, async () => send(alice, Probe.abi, probe, 'burn', [2000n], { gas: 5_000_000n })));
    alice.nonce -= 4;
    const parent = chain.store.head();
    const transactions = raws.map((raw) => chain.executor.admit(raw));
    await expect(chain.executor.executeBlock({ parent, timeMs: parent.timeMs + 1n, transactions, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
  });

  test('buildBlock leaves out what cannot stand, keeps order and its limits; the block executes to the same roots', async () => {
    const parent = chain.store.head();
    const first = await send(alice, Probe.abi, probe, 'set', [3n, 1n]);
    const second = await send(alice, Probe.abi, probe, 'set', [3n, 2n]);
    alice.nonce += 3;
    const gapped = await send(alice, Probe.abi, probe, 'set', [3n, 3n]);
    alice.nonce -= 6;
    const candidates = [first, gapped, second].map((raw) => chain.executor.admit(raw));
    const built = await chain.executor.buildBlock({ parent, timeMs: parent.timeMs + 10n, candidates, budgetMs: 1000 });
    expect(built.transactions.map(toHex)).toEqual([first, second].map(toHex));
    expect(built.skipped.map(({ code }) => code)).toEqual(['nonceTooHigh']);
    const again = await chain.executor.executeBlock({ parent, timeMs: parent.timeMs + 10n, transactions: built.executed });
    expect(toHex(again.stateRoot)).toBe(toHex(built.stateRoot));
    const short = await chain.executor.buildBlock({ parent, timeMs: parent.timeMs + 10n, candidates, budgetMs: 0 });
    expect(short.transactions).toHaveLength(0);
    const narrow = await chain.executor.buildBlock({ parent, timeMs: parent.timeMs + 10n, candidates, budgetMs: 1000, maxBytes: first.length + 4 });
    expect(narrow.transactions).toHaveLength(1);
  });

  test('estimates are enough, and hardly more; failures carry their revert data', async () => {
    const data = hexToBytes(encodeFunctionData({ abi: Token.abi, functionName: 'transfer', args: [new Wallet('new').account.address, 1n] }));
    const estimate = await chain.executor.estimateGas({ from: alice.address, to: token, data });
    const block = await chain.commit([await alice.sign({ to: at(token), data: hex(data), gas: estimate })]);
    const [result] = chain.store.results(block.header.height) ?? [];
    expect(result?.status).toBe(1);
    expect(Number(estimate)).toBeLessThan(Number(result?.gasUsed) * 1.05);
    expect(await chain.executor.estimateGas({ from: alice.address, to: bob.address, value: 1n })).toBe(21_000n);
    const deploy = await chain.executor.estimateGas({ from: bob.address, data: hexToBytes(Probe.bytecode) });
    const deployed = await chain.commit([await bob.sign({ data: Probe.bytecode, gas: deploy })]);
    expect(chain.store.results(deployed.header.height)?.[0]?.status).toBe(1);
    const failing = chain.executor.estimateGas({ to: probe, data: hexToBytes(encodeFunctionData({ abi: Probe.abi, functionName: 'fail', args: ['no'] })) });
    const error = (await failing.catch((caught: unknown) => caught)) as EvmError;
    expect(error.code).toBe('executionReverted');
    expect(decodeErrorResult({ abi: Probe.abi, data: hex(error.details.revertData as Bytes) }).args).toEqual(['no']);
    expect(await codeOf(chain.executor.call({ from: new Wallet('poor').address, to: bob.address, value: 1n }))).toBe('insufficientFunds');
  });

  test('state overrides: code, balance and slots for one call only', async () => {
    const nobody = new Wallet('nobody').address;
    const counter = await read(Probe.abi, probe, 'counter');
    const slot = new Uint8Array(32);
    const value = new Uint8Array(32);
    value[31] = 99;
    const data = hexToBytes(encodeFunctionData({ abi: Probe.abi, functionName: 'counter' }));
    const overridden = await chain.executor.call({ to: nobody, data, overrides: [{ address: nobody, code: hexToBytes(Probe.runtime), stateDiff: [{ slot, value }] }] });
    expect(overridden).toMatchObject({ ok: true });
    expect(BigInt(hex(overridden.returnData))).toBe(99n);
    const hidden = await chain.executor.call({ to: probe, data, overrides: [{ address: probe, state: [] }] });
    expect(BigInt(hex(hidden.returnData))).toBe(0n);
    expect(await read(Probe.abi, probe, 'counter')).toBe(counter);
  });

  test('an access list pays for itself and warms its slots', async () => {
    const slot = `0x${'0'.repeat(64)}` as Hex;
    const plain = await chain.commit([await send(alice, Probe.abi, probe, 'tryInner')]);
    const raw = await send(alice, Probe.abi, probe, 'tryInner', [], { accessList: [{ address: at(probe), storageKeys: [slot] }] });
    expect(parseTransaction(hex(raw)).accessList).toHaveLength(1);
    const listed = await chain.commit([raw]);
    const gas = (height: bigint): bigint => chain.store.results(height)?.[0]?.gasUsed as bigint;
    // 2400 + 1900 paid up front; the slot's first read costs 100 instead of 2100, the account was warm anyway.
    expect(gas(listed.header.height) - gas(plain.header.height)).toBe(2400n + 1900n - 2000n);
  });
});
