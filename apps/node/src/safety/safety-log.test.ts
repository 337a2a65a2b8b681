import { mkdtempSync, readFileSync, rmSync, writeFileSync, appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseLog } from '#ledger';
import { SafetyLog } from './safety-log.js';

const fail = (error: Error): never => {
  throw error;
};

describe('safety log on disk', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stele-log-'));
    path = join(folder, 'log');
    writeFileSync(path, '');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const read = (): ReturnType<typeof parseLog> => parseLog(new Uint8Array(readFileSync(path)));
  const payloads = (): number[][] => read().records.map((record) => [...record]);

  it('gives back what was appended, and goes on after it', async () => {
    const log = SafetyLog.open(path, read(), fail);
    for (const payload of [[1, 2, 3], [9]]) await log.append(Uint8Array.from(payload));
    log.close();
    const again = SafetyLog.open(path, read(), fail);
    await again.append(Uint8Array.of(4));
    again.close();
    expect([payloads(), read().damaged]).toEqual([[[1, 2, 3], [9], [4]], false]);
  });

  it('cuts off what is no record, so that the next append can be read', async () => {
    const log = SafetyLog.open(path, read(), fail);
    await log.append(Uint8Array.of(1));
    log.close();
    appendFileSync(path, Uint8Array.of(0, 0, 0, 5, 1));
    const again = SafetyLog.open(path, read(), fail);
    await again.append(Uint8Array.of(8));
    again.close();
    expect(payloads()).toEqual([[1], [8]]);
  });

  it('begins anew, its sequence going on', async () => {
    const log = SafetyLog.open(path, read(), fail);
    await log.append(Uint8Array.of(1));
    log.reset();
    await log.append(Uint8Array.of(5));
    log.close();
    expect([payloads(), read().nextSequence]).toEqual([[[5]], 2n]);
  });

  it('ends the process when the disk fails', async () => {
    const failures: Error[] = [];
    const log = SafetyLog.open(path, read(), (error) => failures.push(error));
    log.close();
    void log.append(Uint8Array.of(1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(failures[0]?.message).toContain('cannot be written');
  });
});
