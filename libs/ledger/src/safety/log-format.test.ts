import { voteSignBytes } from '../formats/vote.js';
import { encodeLogRecord, type LogRecord } from '../consensus/record.js';
import { crc32c } from './crc32c.js';
import { SigningGuard } from './guard.js';
import { frameRecord, parseLog } from './log-format.js';
import { readLog } from './read-log.js';

const GENESIS = new Uint8Array(32).fill(7);

describe('CRC-32C', () => {
  it('matches the check values of RFC 3720, appendix B.4', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  });
});

function joined(frames: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(frames));
}

describe('the log’s bytes', () => {
  const payloads = [Uint8Array.of(1, 2, 3), new Uint8Array(40).fill(7), Uint8Array.of(9)];
  const frames = payloads.map((payload, i) => frameRecord(payload, BigInt(i)));
  const whole = joined(frames);

  it('are read back; the next record gets the next sequence', () => {
    expect(parseLog(whole)).toMatchObject({ damaged: false, validBytes: whole.length, nextSequence: 3n });
    expect(parseLog(whole).records).toEqual(payloads);
  });

  it('torn at any length: the tail is dropped, and that is no damage', () => {
    for (let length = 0; length < whole.length; length++) {
      const read = parseLog(whole.subarray(0, length));
      expect([read.damaged, read.records]).toEqual([false, payloads.slice(0, read.records.length)]);
      expect(read.records.length).toBeLessThan(payloads.length);
    }
  });

  it('a record that is lost before the last is damage, also where the last alone follows', () => {
    expect(parseLog(joined([frames[0], frames[2]] as Uint8Array[]))).toMatchObject({ damaged: true, records: { length: 1 } });
    expect(parseLog(joined([...frames, frameRecord(Uint8Array.of(1), 9n)]))).toMatchObject({ damaged: true, records: { length: 3 } });
  });
});

/** A log of votes at one height, of at least so many bytes. */
function logOf(height: bigint, leastBytes: number): { records: LogRecord[]; frames: Uint8Array[] } {
  const records: LogRecord[] = [];
  const frames: Uint8Array[] = [];
  for (let bytes = 0, round = 0; bytes < leastBytes; round++) {
    for (const kind of ['prevote', 'precommit'] as const) {
      const blockHash = round % 3 === 0 ? null : new Uint8Array(32).fill(round);
      const record: LogRecord = {
        height, round, kind, blockHash, signBytes: voteSignBytes(GENESIS, { kind, height, round, blockHash }), signature: new Uint8Array(64).fill(round + 1), lockedRound: -1,
        lockedHash: null, validRound: -1, validHash: null, polka: null, block: null, entryProof: [],
      };
      records.push(record);
      frames.push(frameRecord(encodeLogRecord(record), BigInt(frames.length)));
      bytes += (frames.at(-1) as Uint8Array).length;
    }
  }
  return { records, frames };
}

describe('damage to a log of 64 KiB: it recovers or refuses, and never signs against what it held', () => {
  const { records, frames } = logOf(5n, 64 * 1024);
  const whole = joined(frames);
  const ends: number[] = [];
  frames.reduce((sum, frame) => (ends.push(sum + frame.length), sum + frame.length), 0);

  /** Whether a node that starts on these bytes could sign against the records up to `durable`. */
  function couldContradict(bytes: Uint8Array, durable: number): boolean {
    const found = readLog(bytes, 4n);
    if (found.damagedHeight >= 5n) return false; // It signs nothing at that height.
    const guard = new SigningGuard(GENESIS, found.records);
    // A record that is gone could be contradicted: the first that is missing is enough to know.
    const missing = records.slice(found.records.length, durable);
    return missing.some((record) => guard.judge({ ...record, blockHash: new Uint8Array(32).fill(0xee), signBytes: voteSignBytes(GENESIS, { ...record, kind: record.kind as 'prevote', blockHash: new Uint8Array(32).fill(0xee) }) }).type === 'sign');
  }

  it(`every byte of ${whole.length} flipped: noticed, but in the very last record, where it cannot be told from a torn tail`, () => {
    const bytes = whole.slice();
    const starts = [0, ...ends];
    const unnoticed: number[] = [];
    for (let k = 0; k < frames.length; k++) {
      for (let at = starts[k] as number; at < (ends[k] as number); at++) {
        const flip = 1 << (at % 8);
        bytes[at] = (bytes[at] as number) ^ flip;
        // What stands before is read the same whatever comes behind: one record of it is enough, but now and then all is read.
        const from = at % 509 === 0 ? 0 : Math.max(0, k - 1);
        const read = parseLog(bytes.subarray(starts[from]));
        const intact = read.records.every((record, i) => Buffer.compare(record, (frames[from + i] as Uint8Array).subarray(16)) === 0);
        if (!intact || (!read.damaged && k < frames.length - 1)) unnoticed.push(at);
        if (from === 0 && k < frames.length - 1 && couldContradict(bytes, records.length)) unnoticed.push(at);
        bytes[at] = (bytes[at] as number) ^ flip;
      }
    }
    expect(unnoticed).toEqual([]);
  });

  it('truncated at every byte: what was whole before the cut is remembered', () => {
    const starts = [0, ...ends];
    let durable = 0;
    for (let length = 0; length <= whole.length; length++) {
      while (durable < ends.length && (ends[durable] as number) <= length) durable++;
      // What stands before the last whole record is read the same wherever the cut is: now and then all is read.
      const from = length % 97 === 0 || ends.includes(length) ? 0 : Math.max(0, durable - 1);
      const start = starts[from] as number;
      const found = parseLog(whole.subarray(start, length));
      expect([found.damaged, from + found.records.length, start + found.validBytes]).toEqual([false, durable, durable === 0 ? 0 : ends[durable - 1]]);
      if (from === 0) expect([readLog(whole.subarray(0, length), 4n).damagedHeight, readLog(whole.subarray(0, length), 4n).records.length]).toEqual([-1n, durable]);
    }
  });

  it('beside a store that went back, nothing is signed up to the newest height that was', () => {
    expect(readLog(whole, 4n)).toMatchObject({ damagedHeight: -1n, records: { length: records.length } });
    expect(readLog(whole, 5n)).toMatchObject({ damagedHeight: -1n, records: [] });
    expect(readLog(whole, 3n)).toMatchObject({ damagedHeight: 5n, records: [] });
    expect(readLog(joined([frameRecord(Uint8Array.of(99, 1), 0n)]), 4n)).toMatchObject({ damagedHeight: 5n });
  });
});
