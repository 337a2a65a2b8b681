import { recoverAll, readRecovered, type Recovered } from './recover-all.js';
import { RecoveryThreads } from './recovery-threads.js';
import { buildExecutionFile } from '../../testing/execution-file.js';
import { Wallet } from '../../testing/wallet.js';
import { keccak256 } from '../crypto/keccak.js';
import type { Bytes } from '#ledger';

const wallets = ['a', 'b', 'c'].map((name) => new Wallet(name));
let raws: Bytes[];
beforeAll(async () => {
  raws = await Promise.all(wallets.flatMap((wallet) => [wallet.sign({ to: `0x${'11'.repeat(20)}` }), wallet.sign({ type: 'legacy', gasPrice: 0n, maxFeePerGas: undefined, maxPriorityFeePerGas: undefined })]));
});

it('recovers hash and sender of each, and nobody of what is no transaction', () => {
  const recovered = readRecovered(recoverAll([...raws, Uint8Array.of(2, 0xc0), new Uint8Array(0)]));
  expect(recovered.count).toBe(8);
  for (const [i, raw] of raws.entries()) {
    expect(recovered.hash(i)).toEqual(keccak256(raw));
    expect(recovered.sender(i)).toEqual(wallets[i >> 1]?.address);
  }
  expect([recovered.sender(6), recovered.sender(7)]).toEqual([null, null]);
});

describe('threads', () => {
  const built = buildExecutionFile('recovery');
  afterAll(() => built.remove());

  it('say the same, many blocks at once; what comes too early or is too much is not taken', async () => {
    const threads = new RecoveryThreads(built.file, 2);
    expect(threads.recover(raws)).toBeNull();
    let answers: (Promise<Recovered | null> | null)[] = [];
    while (!answers.some((answer) => answer !== null)) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      answers = Array.from({ length: 40 }, () => threads.recover(raws));
    }
    const taken = (await Promise.all(answers)).filter((recovered) => recovered !== null);
    expect([taken.length >= 16, taken.length <= 32]).toEqual([true, true]);
    for (const recovered of taken) expect(raws.map((_, i) => recovered.sender(i))).toEqual(raws.map((_, i) => wallets[i >> 1]?.address));
    await threads.close();
    expect(threads.recover(raws)).toBeNull();
  });

  it('take no further block while they have many transactions', async () => {
    const threads = new RecoveryThreads(built.file, 1);
    const many = Array.from({ length: 60 }, () => raws).flat();
    while (threads.recover(raws) === null) await new Promise((resolve) => setTimeout(resolve, 10));
    const first = threads.recover(many);
    const second = threads.recover(many);
    expect([first !== null, second !== null, threads.recover(many)]).toEqual([true, true, null]);
    expect([(await first)?.count, (await second)?.count]).toEqual([many.length, many.length]);
    expect(await threads.recover(many)).not.toBeNull();
    await threads.close();
  });

  it('have started none where their program is not there, and nobody waits for one', async () => {
    const threads = new RecoveryThreads('/nowhere/program.cjs', 1);
    for (let i = 0; i < 20; i++) {
      expect(threads.recover(raws)).toBeNull();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await threads.close();
  });
});
