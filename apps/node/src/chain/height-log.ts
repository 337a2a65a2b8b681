import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeLogRecord, encodeLogRecord, type LogRecord } from '#ledger';
import { parseLog, SafetyLog } from './safety-log.js';

/** The log begins anew at a height's end once it holds so much. */
const PRUNE_BYTES = 1024 * 1024;

/**
 * The safety log as the machine sees it: records of the height above the head. Damage that no crash explains is written down
 * beside the log before the log is cut, so that no later start forgets it: no signing until that height is decided.
 */
export class HeightLog {
  private sizeBytes: number;
  private inFlight: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly markerPath: string,
    private readonly log: SafetyLog,
    /** Records of the height above the head at opening. */
    readonly records: readonly LogRecord[],
    sizeBytes: number,
    private damagedHeight: bigint,
  ) {
    this.sizeBytes = sizeBytes;
  }

  /** @param fatal called where the disk fails: must end the process. */
  static open(folder: string, headHeight: bigint, fatal: (error: Error) => void): HeightLog {
    const path = join(folder, 'votes.log');
    const markerPath = join(folder, 'votes.damaged');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const bytes = existsSync(path) ? new Uint8Array(readFileSync(path)) : new Uint8Array();
    const found = parseLog(bytes);
    const records = decodeRecords(found.records);
    if (found.damaged || records === null) mark(markerPath, headHeight + 1n);
    // A height is signed only when the block below is durable. Records of a later one say that the store went back, to an older
    // copy perhaps: what was signed in between may have been cut from the log.
    const newest = (records ?? []).reduce((max, { height }) => (height > max ? height : max), 0n);
    if (newest > headHeight + 1n) mark(markerPath, newest);
    const { log } = SafetyLog.open(path, fatal);
    const current = (records ?? []).filter((record) => record.height === headHeight + 1n);
    return new HeightLog(markerPath, log, current, found.validBytes, readMark(markerPath));
  }

  /** Whether this node may sign in a height: not where its memory of it is damaged. */
  maySign(height: bigint): boolean {
    return height > this.damagedHeight;
  }

  /** Resolves once the record is durable. */
  append(record: LogRecord): Promise<void> {
    const payload = encodeLogRecord(record);
    this.sizeBytes += payload.length;
    const done = this.log.append(payload);
    this.inFlight = Promise.all([this.inFlight, done]);
    return done;
  }

  /** A height is decided and durable: what was signed in it can no longer conflict. Nothing of the next is appended before this resolves. */
  async committed(height: bigint): Promise<void> {
    await this.settled();
    if (this.sizeBytes > PRUNE_BYTES) {
      this.log.reset();
      this.sizeBytes = 0;
    }
    if (this.damagedHeight >= 0n && height >= this.damagedHeight) {
      rmSync(this.markerPath, { force: true });
      this.damagedHeight = -1n;
    }
  }

  async close(): Promise<void> {
    await this.settled();
    this.log.close();
  }

  /** Late votes of a decided height may still be on their way to the disk. */
  private async settled(): Promise<void> {
    for (let seen: unknown; seen !== this.inFlight; ) {
      seen = this.inFlight;
      await this.inFlight;
    }
  }
}

function decodeRecords(payloads: readonly Uint8Array[]): LogRecord[] | null {
  try {
    return payloads.map(decodeLogRecord);
  } catch {
    return null;
  }
}

function mark(path: string, height: bigint): void {
  const worst = readMark(path) > height ? readMark(path) : height;
  const fd = openSync(`${path}.new`, 'w', 0o600);
  writeFileSync(fd, worst.toString());
  fsyncSync(fd);
  closeSync(fd);
  renameSync(`${path}.new`, path);
  const folder = openSync(join(path, '..'), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

function readMark(path: string): bigint {
  if (!existsSync(path)) return -1n;
  const text = readFileSync(path, 'utf8');
  return /^\d+$/.test(text) ? BigInt(text) : (1n << 64n) - 1n;
}
