import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogRecord } from '#ledger';
import { HeightLog } from './height-log.js';

const fail = (error: Error): never => {
  throw error;
};

function record(height: bigint, round: number): LogRecord {
  return {
    height, round, kind: 'prevote', blockHash: null, signBytes: new Uint8Array(78).fill(round), signature: new Uint8Array(64).fill(3), lockedRound: -1, lockedHash: null,
    validRound: -1, validHash: null, polka: null, block: null, entryProof: [],
  };
}

describe('height log', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'stele-height-log-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const path = (): string => join(folder, 'votes.log');

  async function write(...records: LogRecord[]): Promise<Buffer> {
    const log = HeightLog.open(folder, 4n, fail);
    for (const one of records) await log.append(one);
    await log.close();
    return readFileSync(path());
  }

  it('gives back the records of the height above the head, and only these', async () => {
    await write(record(4n, 0), record(5n, 0), record(5n, 1));
    const log = HeightLog.open(folder, 4n, fail);
    expect(log.records.map(({ height, round }) => [height, round])).toEqual([[5n, 0], [5n, 1]]);
    expect(log.maySign(5n)).toBe(true);
    await log.close();
  });

  it('may sign on after a torn tail, at every length', async () => {
    const whole = await write(record(5n, 0), record(5n, 1));
    for (let length = 0; length <= whole.length; length += 7) {
      writeFileSync(path(), whole.subarray(0, length));
      const log = HeightLog.open(folder, 4n, fail);
      expect(log.maySign(5n)).toBe(true);
      await log.close();
    }
  });

  it('signs nothing in a height whose memory is damaged, not after another start either, and signs again in the next', async () => {
    const whole = await write(record(5n, 0), record(5n, 1), record(5n, 2));
    whole[40] = (whole[40] as number) ^ 1;
    writeFileSync(path(), whole);
    const damaged = HeightLog.open(folder, 4n, fail);
    expect(damaged.maySign(5n)).toBe(false);
    await damaged.close();
    const again = HeightLog.open(folder, 4n, fail);
    expect(again.maySign(5n)).toBe(false);
    expect(again.maySign(6n)).toBe(true);
    await again.committed(5n);
    await again.close();
    const later = HeightLog.open(folder, 5n, fail);
    expect(later.maySign(6n)).toBe(true);
    await later.close();
  });

  it('signs nothing up to the newest height of its log where the store has gone back behind it', async () => {
    await write(record(7n, 0), record(9n, 1));
    const log = HeightLog.open(folder, 4n, fail);
    expect([5n, 6n, 7n, 8n, 9n, 10n].map((height) => log.maySign(height))).toEqual([false, false, false, false, false, true]);
    await log.close();
    const caughtUp = HeightLog.open(folder, 6n, fail);
    expect(caughtUp.maySign(7n)).toBe(false);
    await caughtUp.committed(9n);
    expect(caughtUp.maySign(10n)).toBe(true);
    await caughtUp.close();
  });

  it('takes whole records that it cannot read for damage', async () => {
    await write(record(5n, 0));
    const { SafetyLog } = await import('./safety-log.js');
    const { log } = SafetyLog.open(path(), fail);
    await log.append(Uint8Array.of(99, 1, 2));
    log.close();
    expect(HeightLog.open(folder, 4n, fail).maySign(5n)).toBe(false);
  });

  it('begins anew when it has grown, and loses nothing of the next height', async () => {
    const log = HeightLog.open(folder, 4n, fail);
    for (let round = 0; round < 7000; round++) void log.append(record(5n, round % 250));
    await log.committed(5n);
    await log.append(record(6n, 1));
    await log.close();
    expect(readFileSync(path()).length).toBeLessThan(1000);
    const next = HeightLog.open(folder, 5n, fail);
    expect(next.records.map(({ height, round }) => [height, round])).toEqual([[6n, 1]]);
    await next.close();
  });
});
