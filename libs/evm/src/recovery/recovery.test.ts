import { recoverAll, readRecovered } from './recover-all.js';
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

  it('say the same, many blocks at once; what is too much is not taken', async () => {
    const threads = new RecoveryThreads(built.file, 2);
    const answers = Array.from({ length: 40 }, () => threads.recover(raws));
    expect(answers.filter((answer) => answer === null).length).toBeGreaterThan(0);
    for (const answer of answers) {
      const recovered = await answer;
      if (recovered === null) continue;
      expect(raws.map((_, i) => recovered.sender(i))).toEqual(raws.map((_, i) => wallets[i >> 1]?.address));
    }
    await threads.close();
    expect(threads.recover(raws)).toBeNull();
  });

  it('answer null when they die', async () => {
    const threads = new RecoveryThreads('/nowhere/program.cjs', 1);
    expect(await threads.recover(raws)).toBeNull();
    await threads.close();
  });
});
