import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPair, parseLog, verify, voteSignBytes, type SignRequest } from '#ledger';
import { SafetyLog } from './safety-log.js';
import { SafetyModule, SafetyRefusal } from './safety-module.js';

const fail = (error: Error): never => {
  throw error;
};
const GENESIS = new Uint8Array(32).fill(5);
const KEY = generateKeyPair();

function vote(height: bigint, round: number, block = 0): SignRequest {
  const blockHash = block === 0 ? null : new Uint8Array(32).fill(block);
  return {
    height, round, kind: 'prevote', blockHash, signBytes: voteSignBytes(GENESIS, { kind: 'prevote', height, round, blockHash }), lockedRound: -1, lockedHash: null,
    validRound: -1, validHash: null, polka: null, block: null, entryProof: [],
  };
}

describe('safety module', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'stele-safety-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const path = (): string => join(folder, 'votes.log');
  const open = (headHeight: bigint): SafetyModule => SafetyModule.open({ folder, headHeight, genesisHash: GENESIS, privateKey: KEY.privateKey, fatal: fail });

  async function write(...requests: SignRequest[]): Promise<Buffer> {
    const module = open(4n);
    for (const one of requests) await module.sign(one);
    await module.close();
    return readFileSync(path());
  }

  it('signs once in a place, again the same, never another; and so after a restart', async () => {
    const module = open(4n);
    const [signature, again] = await Promise.all([module.sign(vote(5n, 0, 1)), module.sign(vote(5n, 0, 1))]);
    expect(verify(KEY.publicKey, vote(5n, 0, 1).signBytes, signature)).toBe(true);
    expect(again).toEqual(signature);
    await expect(module.sign(vote(5n, 0, 2))).rejects.toThrow(SafetyRefusal);
    await module.close();
    const restarted = open(4n);
    await expect(restarted.sign(vote(5n, 0, 2))).rejects.toThrow('another prevote was signed');
    expect(await restarted.sign(vote(5n, 0, 1))).toEqual(signature);
    await restarted.committed(5n);
    await expect(restarted.sign(vote(5n, 1, 1))).rejects.toThrow('decided');
    await restarted.close();
  });

  it('has the record on disk before the signature is released', async () => {
    const module = open(4n);
    const signature = await module.sign(vote(5n, 3, 1));
    expect(readFileSync(path()).includes(Buffer.from(signature))).toBe(true);
    await module.close();
  });

  it('gives back the records of the height above the head, and only these', async () => {
    await write(vote(5n, 0), vote(5n, 1));
    const log = open(4n);
    expect(log.records.map(({ height, round }) => [height, round])).toEqual([[5n, 0], [5n, 1]]);
    expect(log.maySign(5n)).toBe(true);
    await log.close();
    const later = open(5n);
    expect([later.records, later.maySign(6n)]).toEqual([[], true]);
    await later.close();
  });

  it('may sign on after a torn tail, at every length', async () => {
    const whole = await write(vote(5n, 0), vote(5n, 1));
    for (let length = 0; length <= whole.length; length += 7) {
      writeFileSync(path(), whole.subarray(0, length));
      const log = open(4n);
      expect(log.maySign(5n)).toBe(true);
      await log.close();
    }
  });

  it('signs nothing in a height whose memory is damaged, not after another start either, and signs again in the next', async () => {
    const whole = await write(vote(5n, 0), vote(5n, 1), vote(5n, 2));
    whole[40] = (whole[40] as number) ^ 1;
    writeFileSync(path(), whole);
    const damaged = open(4n);
    expect(damaged.maySign(5n)).toBe(false);
    await damaged.close();
    const again = open(4n);
    expect(again.maySign(5n)).toBe(false);
    expect(again.maySign(6n)).toBe(true);
    await again.committed(5n);
    await again.close();
    const later = open(5n);
    expect(later.maySign(6n)).toBe(true);
    await later.close();
  });

  it('signs nothing up to the newest height of its log where the store has gone back behind it', async () => {
    await write(vote(7n, 0), vote(9n, 1));
    const log = open(4n);
    expect([5n, 6n, 7n, 8n, 9n, 10n].map((height) => log.maySign(height))).toEqual([false, false, false, false, false, true]);
    await log.close();
    const caughtUp = open(6n);
    expect(caughtUp.maySign(7n)).toBe(false);
    await caughtUp.committed(9n);
    expect(caughtUp.maySign(10n)).toBe(true);
    await caughtUp.close();
  });

  it('takes whole records that it cannot read for damage', async () => {
    await write(vote(5n, 0));
    const log = SafetyLog.open(path(), parseLog(new Uint8Array(readFileSync(path()))), fail);
    await log.append(Uint8Array.of(99, 1, 2));
    log.close();
    expect(open(4n).maySign(5n)).toBe(false);
  });

  it('begins anew when it has grown, and loses nothing of the next height', async () => {
    const log = open(4n);
    for (let round = 0; round < 7000; round++) void log.sign(vote(5n, round));
    await log.committed(5n);
    await log.sign(vote(6n, 1));
    await log.close();
    expect(readFileSync(path()).length).toBeLessThan(1000);
    const next = open(5n);
    expect(next.records.map(({ height, round }) => [height, round])).toEqual([[6n, 1]]);
    await next.close();
  });
});
