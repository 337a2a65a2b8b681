import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bn254 } from '@noble/curves/bn254.js';
import { encodeDeployData, encodeFunctionData, hexToBytes, type Hex } from 'viem';
import { DEFAULT_PARAMS, toHex, type Bytes } from '#ledger';
import { compile } from '../../testing/contracts.js';
import { blockOf, certificateOf, openTestChain, type TestChain } from '../../testing/chain.js';
import { buildExecutionFile } from '../../testing/execution-file.js';
import { hex, Wallet } from '../../testing/wallet.js';
import { createExecutor, type AdmittedTransaction, type ExecutedBlock, type Executor } from '../index.js';

const { Token, Probe } = compile('Contracts.sol') as Record<'Token' | 'Probe', NonNullable<ReturnType<typeof compile>[string]>>;
const RECORDS = '0x00000000000000000000000000000000005e1e03';
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

/** Mulberry32: enough for choosing. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % sides;
  };
}

/** Pairs whose product is one but for the last: input of the bn254 pairing, which takes milliseconds for each. */
function pairs(count: number): Uint8Array {
  const word = (n: bigint): string => n.toString(16).padStart(64, '0');
  const a = bn254.G1.Point.BASE.multiply(123456789n).toAffine();
  const b = bn254.G2.Point.BASE.multiply(987654321n).toAffine();
  return Buffer.from([a.x, a.y, b.x.c1, b.x.c0, b.y.c1, b.y.c0].map(word).join('').repeat(count), 'hex');
}

const PAIRING = `0x${'8'.padStart(40, '0')}` as Hex;
const summary = (block: ExecutedBlock): unknown => ({
  stateRoot: toHex(block.stateRoot), receiptsRoot: toHex(block.receiptsRoot), txRoot: toHex(block.txRoot), gasUsed: block.gasUsed, results: toHex(block.results),
  prefixes: [...block.logPrefixes].sort(), executed: block.executed.map(({ key }) => key), codes: block.overlay.codes.map(({ codeHash, code }) => [toHex(codeHash), toHex(code)]),
});

describe('execution on threads', () => {
  const { file, remove } = buildExecutionFile('threads');
  let chain: TestChain;
  let apart: Executor;
  let hurried: Executor;
  const alice = new Wallet('alice');
  const bob = new Wallet('bob');
  const wallets = [alice, bob, new Wallet('carol')];
  let token: Hex;
  let probe: Hex;

  const admit = (raws: readonly Bytes[]): AdmittedTransaction[] => raws.map((raw) => apart.admit(raw));
  const next = (): { parent: ReturnType<TestChain['store']['head']>; timeMs: bigint } => ({ parent: chain.store.head(), timeMs: chain.store.head().timeMs + 1000n });
  const commit = async (executed: ExecutedBlock): Promise<void> => {
    const block = blockOf(chain.store, executed, chain.store.head().certificate);
    await apart.commit(block, certificateOf(block.header), executed);
  };
  const call = (functionName: string, args: unknown[]): Hex => encodeFunctionData({ abi: Probe.abi, functionName, args });
  const pairingBlock = async (): Promise<{ wallet: Wallet; transactions: AdmittedTransaction[] }> => {
    const wallet = new Wallet(`pairing ${Math.random()}`);
    return { wallet, transactions: admit([await wallet.sign({ to: PAIRING, gas: 16_700_000n, data: hex(pairs(150)) })]) };
  };

  beforeAll(async () => {
    chain = await openTestChain({ params: { ...DEFAULT_PARAMS, proposeTimeoutMs: 200 }, alloc: wallets.map(({ address }) => ({ address, balance: 10n ** 18n, code: new Uint8Array(0) })) });
    apart = await createExecutor({ store: chain.store, threads: { folder: chain.folder, file } });
    hurried = await createExecutor({ store: chain.store, threads: { folder: chain.folder, file }, callTimeoutMs: 300 });
    const deployed = await apart.executeBlock({ ...next(), transactions: admit([
      await alice.sign({ data: encodeDeployData({ abi: Token.abi, bytecode: Token.bytecode, args: [10n ** 9n] }) }), await alice.sign({ data: Probe.bytecode, gas: 3_000_000n }),
    ]) });
    await commit(deployed);
    [token, probe] = (chain.store.results(1n) ?? []).map(({ contractAddress }) => hex(contractAddress as Bytes)) as [Hex, Hex];
  });
  afterAll(async () => {
    await Promise.all([apart.close(), hurried.close()]);
    await chain.close();
    remove();
    rmSync(chain.folder, { recursive: true, force: true });
  });

  test(`the same block gives the same roots, results and code here and on a thread (SEED=${SEED})`, async () => {
    const roll = dice(SEED);
    const pick = <T>(from: readonly T[]): T => from[roll(from.length)] as T;
    const some = async (wallet: Wallet): Promise<Bytes> => {
      const word = roll(6).toString(16).padStart(64, '0');
      const kinds: (() => Record<string, unknown>)[] = [
        () => ({ to: token, data: encodeFunctionData({ abi: Token.abi, functionName: 'transfer', args: [pick(wallets).account.address, BigInt(roll(500))] }) }),
        () => ({ to: probe, data: call('fill', [BigInt(roll(20)), BigInt(roll(40))]) }),
        () => ({ to: probe, data: call('clear', [BigInt(roll(10)), BigInt(roll(40))]) }),
        () => ({ to: probe, data: call('fail', ['why not']) }),
        () => ({ to: probe, data: call('tryInner', []) }),
        () => ({ to: probe, data: call('see', []) }),
        () => ({ to: probe, data: call('create2', [`0x${word}`, BigInt(roll(3))]) }),
        () => ({ to: probe, data: call('flash', []) }),
        () => ({ to: probe, data: call('burn', [BigInt(roll(50))]), gas: BigInt(30_000 + roll(100_000)) }),
        () => ({ data: Token.bytecode + word, gas: 2_000_000n }),
        () => ({ to: `0x${(1 + roll(17)).toString(16).padStart(40, '0')}`, data: `0x${'ab'.repeat(roll(200))}` }),
        () => ({ to: pick(wallets).account.address, value: BigInt(roll(1000)) }),
        () => ({ to: `0x${word.slice(24)}`, value: BigInt(roll(2)) }),
        () => ({ to: RECORDS, data: `0x4a1fb3d4${word}` }),
      ];
      return wallet.sign(pick(kinds)());
    };
    for (let height = 0; height < 12; height++) {
      const raws: Bytes[] = [];
      for (let i = 0; i < 1 + roll(20); i++) raws.push(await some(pick(wallets)));
      const request = { ...next(), transactions: admit(raws) };
      const here = await chain.executor.executeBlock(request);
      const there = await apart.executeBlock(request);
      expect(summary(there)).toEqual(summary(here));
      const built = await apart.buildBlock({ ...next(), candidates: request.transactions, budgetMs: 60_000 });
      expect(summary(built)).toEqual(summary(here));
      await commit(there);
    }
  });

  test('a block that cannot stand is refused with its place; a builder leaves the transaction out', async () => {
    const good = await alice.sign({ to: probe, data: call('see', []) });
    alice.nonce += 1;
    const gapped = await alice.sign({ to: probe, data: call('see', []) });
    alice.nonce -= 2;
    const transactions = admit([good, gapped]);
    await expect(apart.executeBlock({ ...next(), transactions })).rejects.toMatchObject({ code: 'invalidBlock', details: { index: 1, cause: 'nonceTooHigh' } });
    const built = await apart.buildBlock({ ...next(), candidates: transactions, budgetMs: 60_000 });
    expect(built.skipped).toEqual([{ transaction: transactions[1], code: 'nonceTooHigh' }]);
    await commit(built);
  });

  test('aborting ends a block within a precompile, and what runs beside it is executed all the same', async () => {
    const controller = new AbortController();
    const slow = apart.executeBlock({ ...next(), transactions: (await pairingBlock()).transactions, signal: controller.signal });
    const quick = apart.executeBlock({ ...next(), transactions: admit([await alice.sign({ to: probe, data: call('burn', [1000n]) })]) });
    await sleep(30);
    controller.abort();
    await expect(slow).rejects.toMatchObject({ code: 'cancelled' });
    expect((await quick).gasUsed).toBeGreaterThan(21_000n);
    await commit(await quick);
    await expect(apart.executeBlock({ ...next(), transactions: [], signal: AbortSignal.abort() })).resolves.toMatchObject({ gasUsed: 0n });
    const { transactions } = await pairingBlock();
    await expect(apart.executeBlock({ ...next(), transactions, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
  });

  test('a transaction that outlasts the builder is set aside, then stands first, then is given up', async () => {
    const slow = new Wallet('slow');
    const quick = new Wallet('quick');
    const raws = [await quick.sign({ to: probe, data: call('see', []) }), await slow.sign({ to: probe, gas: 16_000_000n, data: call('burn', [1_000_000n]) }), await quick.sign({ to: probe, data: call('see', []) })];
    const candidates = admit(raws);
    const build = async (): Promise<[string[], string[]]> => {
      const { executed, skipped } = await apart.buildBlock({ ...next(), candidates, budgetMs: 100 });
      return [executed.map(({ key }) => key), skipped.map(({ transaction, code }) => `${transaction.key} ${code}`)];
    };
    const [first, second, third] = candidates.map(({ key }) => key);
    expect(await build()).toEqual([[first], [`${second} outOfTime`]]);
    expect(await build()).toEqual([[], [`${second} tooSlow`]]);
    candidates.splice(1, 1);
    expect(await build()).toEqual([[first, third], []]);
  });

  test('calls answer as they do here, see their height, and are ended by the clock', async () => {
    const request = { to: hexToBytes(probe), data: hexToBytes(call('environment', [])), from: alice.address };
    for (const height of [1n, 2n, chain.store.head().height]) expect(await apart.call(request, height)).toEqual(await chain.executor.call(request, height));
    const failing = { to: hexToBytes(probe), data: hexToBytes(call('fail', ['because'])) };
    expect(await apart.call(failing)).toEqual(await chain.executor.call(failing));
    const burn = { to: hexToBytes(probe), data: hexToBytes(call('burn', [20n])) };
    expect(await apart.estimateGas(burn)).toBe(await chain.executor.estimateGas(burn));
    await expect(apart.estimateGas(failing)).rejects.toMatchObject({ code: 'executionReverted' });
    expect(await apart.estimateGas({ to: bob.address, value: 1n, from: alice.address })).toBe(21_000n);
    // The thread and two lanes are up first, however long that takes here: the clock is for calls.
    const isUp = (): Promise<boolean> => Promise.all([hurried.call(request), hurried.call(request)]).then(() => true, () => false);
    while (!(await isUp()));
    const loop = hurried.call({ to: hexToBytes(probe), data: hexToBytes(call('burn', [10_000_000n])) });
    const quick = hurried.call(request);
    await expect(loop).rejects.toMatchObject({ code: 'callTimeout' });
    await expect(quick).resolves.toMatchObject({ ok: true });
    await expect(apart.call(request, 10n ** 9n)).rejects.toMatchObject({ code: 'unknownHeight' });
  });
});

/** Programs in the place of the node's own: what a thread does that no contract can be made to do on every machine. */
const READY = "const { parentPort, workerData } = require('node:worker_threads'); parentPort.postMessage({ ready: true });";
const DIES = `${READY} setTimeout(() => process.exit(3), 50);`;
/** Tries the first candidate for ever; without it, finds that none can stand. */
const HANGS = `${READY}
  const flags = new Int32Array(workerData.flags);
  const none = new Uint8Array(0);
  const nothing = { changes: none, codes: [], results: none, logPrefixes: none, receiptsRoot: new Uint8Array(32), txRoot: new Uint8Array(32), gasUsed: 0n, taken: [] };
  parentPort.on('message', ({ id, slot, job }) => {
    Atomics.store(flags, slot * 3 + 1, 0);
    Atomics.store(flags, slot * 3 + 2, 1);
    if (job.kind !== 'build' || job.transactions.byteLength > 200) for (;;);
    parentPort.postMessage({ ready: false, id, answer: { ...nothing, skipped: [{ index: 0, code: 'nonceTooHigh' }] } });
  });`;

describe('threads that fail', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stele-thread-'));
  const dora = new Wallet('dora');
  let chain: TestChain;
  let deploys: AdmittedTransaction;
  let request: { parent: ReturnType<TestChain['store']['head']>; timeMs: bigint };
  const withProgram = async (name: string, program: string): Promise<Executor> => {
    writeFileSync(join(folder, name), program);
    return createExecutor({ store: chain.store, threads: { folder: chain.folder, file: join(folder, name) }, callTimeoutMs: 50 });
  };

  beforeAll(async () => {
    chain = await openTestChain({ params: { ...DEFAULT_PARAMS, proposeTimeoutMs: 40 } });
    const parent = chain.store.head();
    request = { parent, timeMs: parent.timeMs + 1n };
    deploys = chain.executor.admit(await dora.sign({ nonce: 0, data: '0x00' }));
  });
  afterAll(async () => {
    await chain.close();
    for (const left of [folder, chain.folder]) rmSync(left, { recursive: true, force: true });
  });

  test('one that dies fails its jobs with a code of its own; records and transfers need none', async () => {
    const apart = await withProgram('dies.cjs', DIES);
    const plain = apart.admit(await dora.sign({ nonce: 0, to: dora.account.address }));
    await expect(apart.executeBlock({ ...request, transactions: [plain] })).resolves.toMatchObject({ gasUsed: 21_000n });
    apart.prepare(deploys);
    await expect(apart.executeBlock({ ...request, transactions: [deploys] })).rejects.toMatchObject({ code: 'executorFailed' });
    await expect(apart.call({ data: hexToBytes('0x00') })).rejects.toMatchObject({ code: 'executorFailed' });
    await apart.close();
    await expect(apart.executeBlock({ ...request, transactions: [deploys] })).rejects.toMatchObject({ code: 'cancelled' });
  });

  test('a call whose turn does not come is refused, and those that run go on', async () => {
    const program = join(folder, 'hangs.cjs');
    writeFileSync(program, HANGS);
    const apart = await createExecutor({ store: chain.store, threads: { folder: chain.folder, file: program, callWaitMs: 1500 }, callTimeoutMs: 30_000 });
    const code = (error: unknown): unknown => (error as { code?: unknown }).code;
    const calls = Array.from({ length: 6 }, () => apart.call({ data: hexToBytes('0x00') }).catch(code));
    // Four run side by side.
    expect(await Promise.all(calls.slice(4))).toEqual(['executorBusy', 'executorBusy']);
    await apart.close();
    expect(await Promise.all(calls)).toEqual(['cancelled', 'cancelled', 'cancelled', 'cancelled', 'executorBusy', 'executorBusy']);
  });

  test('one that does not answer is ended: a block when it is cancelled, a call when its time is over, a building without the transaction that held it', async () => {
    const apart = await withProgram('hangs.cjs', HANGS);
    const controller = new AbortController();
    const executing = apart.executeBlock({ ...request, transactions: [deploys], signal: controller.signal });
    await sleep(200);
    controller.abort();
    await expect(executing).rejects.toMatchObject({ code: 'cancelled' });
    await expect(apart.call({ data: hexToBytes('0x00') })).rejects.toMatchObject({ code: 'callTimeout' });
    const other = apart.admit(await dora.sign({ nonce: 1, data: '0x01' }));
    const built = await apart.buildBlock({ ...request, candidates: [deploys, other], budgetMs: 20 });
    expect(built.skipped).toEqual([{ transaction: other, code: 'nonceTooHigh' }, { transaction: deploys, code: 'tooSlow' }]);
    const closing = apart.executeBlock({ ...request, transactions: [deploys] });
    await Promise.all([expect(closing).rejects.toMatchObject({ code: 'cancelled' }), apart.close()]);
  });
});
