import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32c } from './crc32c.js';
import { parseLog, SafetyLog } from './safety-log.js';

const fail = (error: Error): never => {
  throw error;
};

describe('CRC-32C', () => {
  it('matches the check values of RFC 3720, appendix B.4', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  });
});

describe('safety log', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stele-log-'));
    path = join(folder, 'log');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const payloads = [Uint8Array.of(1, 2, 3), new Uint8Array(40).fill(7), Uint8Array.of(9)];
  async function write(): Promise<Buffer> {
    const { log } = SafetyLog.open(path, fail);
    for (const payload of payloads) await log.append(payload);
    log.close();
    return readFileSync(path);
  }

  it('gives back what was appended, and goes on after it', async () => {
    await write();
    const again = SafetyLog.open(path, fail);
    expect(again.records.map((record) => [...record])).toEqual(payloads.map((payload) => [...payload]));
    await again.log.append(Uint8Array.of(4));
    again.log.close();
    expect(SafetyLog.open(path, fail)).toMatchObject({ damaged: false, records: { length: 4 } });
  });

  it('drops a torn tail at every length, and is not damaged', async () => {
    const whole = await write();
    for (let length = 0; length < whole.length; length++) {
      const read = parseLog(new Uint8Array(whole.subarray(0, length)));
      expect(read.damaged).toBe(false);
      expect(read.records.length).toBeLessThan(payloads.length);
      read.records.forEach((record, i) => expect([...record]).toEqual([...(payloads[i] as Uint8Array)]));
    }
  });

  it('is damaged where a record before the last is lost', async () => {
    const whole = await write();
    const [first, second] = payloads.map((payload) => 16 + payload.length) as [number, number];
    const lost = new Uint8Array([...whole.subarray(0, first), ...whole.subarray(first + second)]);
    expect(parseLog(lost)).toMatchObject({ damaged: true, records: { length: 1 } });
  });

  it('never gives back changed bytes: every bit of every byte flipped', async () => {
    const whole = await write();
    const lastStart = whole.length - 17;
    for (let at = 0; at < whole.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const bytes = new Uint8Array(whole);
        bytes[at] = (bytes[at] as number) ^ (1 << bit);
        const read = parseLog(bytes);
        read.records.forEach((record, i) => expect([...record]).toEqual([...(payloads[i] as Uint8Array)]));
        expect(read.records.length).toBeLessThan(payloads.length);
        if (at < lastStart) expect(read.damaged).toBe(true);
      }
    }
  });

  it('cuts off what is no record, so that the next append can be read', async () => {
    await write();
    appendFileSync(path, Uint8Array.of(0, 0, 0, 5, 1));
    const { log, records } = SafetyLog.open(path, fail);
    expect(records.length).toBe(3);
    await log.append(Uint8Array.of(8));
    log.close();
    expect(parseLog(new Uint8Array(readFileSync(path))).records.map((record) => [...record]).at(-1)).toEqual([8]);
  });

  it('begins anew', async () => {
    await write();
    const { log } = SafetyLog.open(path, fail);
    log.reset();
    await log.append(Uint8Array.of(5));
    log.close();
    expect(SafetyLog.open(path, fail).records.map((record) => [...record])).toEqual([[5]]);
  });

  it('ends the process when the disk fails', async () => {
    writeFileSync(path, '');
    const { log } = SafetyLog.open(path, fail);
    log.close();
    const failures: Error[] = [];
    const broken = SafetyLog.open(path, (error) => failures.push(error));
    broken.log.close();
    void broken.log.append(Uint8Array.of(1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(failures[0]?.message).toContain('cannot be written');
  });
});
