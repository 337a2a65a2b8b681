import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodeLogRecord, readLog, sign, SigningGuard, type Bytes, type LogRecord, type SignRequest } from '#ledger';
import { syncFolder } from '../disk/sync-folder.js';
import { SafetyLog } from './safety-log.js';

/** The log begins anew at a height's end once it holds so much. */
const PRUNE_BYTES = 1024 * 1024;

export interface SafetyOptions {
  folder: string;
  /** The newest durable block. */
  headHeight: bigint;
  genesisHash: Bytes;
  /** The validator's key. Of what votes and proposes, nothing else in the program has it. */
  privateKey: Bytes;
  /** Called where the disk fails: must end the process. */
  fatal: (error: Error) => void;
}

/** A request that would contradict what was signed, or that is not what it says. The program is wrong, or not our program. */
export class SafetyRefusal extends Error {
  readonly code = 'safetyRefusal';
}

/**
 * The one module that may sign for consensus (docs/spec/consensus.md, rule 11). It signs nothing that conflicts with what it
 * has signed, whatever it is asked, and a signature leaves it only when its record is durable. Damage of its memory that no crash
 * explains is written down beside the log before the log is cut, so that no later start forgets it.
 */
export class SafetyModule {
  private inFlight: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly markerPath: string,
    private readonly log: SafetyLog,
    private readonly guard: SigningGuard,
    private readonly privateKey: Bytes,
    /** Records of the height above the head at opening. */
    readonly records: readonly LogRecord[],
    private sizeBytes: number,
    private damagedHeight: bigint,
  ) {}

  static open({ folder, headHeight, genesisHash, privateKey, fatal }: SafetyOptions): SafetyModule {
    const path = join(folder, 'votes.log');
    const markerPath = join(folder, 'votes.damaged');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = readLog(existsSync(path) ? new Uint8Array(readFileSync(path)) : new Uint8Array(), headHeight);
    if (found.damagedHeight >= 0n) mark(markerPath, found.damagedHeight);
    const log = SafetyLog.open(path, found, fatal);
    const guard = new SigningGuard(genesisHash, found.records);
    guard.letGo(headHeight);
    return new SafetyModule(markerPath, log, guard, privateKey, found.records, found.validBytes, readMark(markerPath));
  }

  /** Whether this node may sign in a height: not where its memory of it is damaged. */
  maySign(height: bigint): boolean {
    return height > this.damagedHeight;
  }

  /**
   * Resolves with the signature once the record that holds it is durable.
   * @throws SafetyRefusal
   */
  async sign(request: SignRequest): Promise<Bytes> {
    if (!this.maySign(request.height)) throw new SafetyRefusal(`what this node has signed at height ${request.height} is not known: its log was damaged`);
    const verdict = this.guard.judge(request);
    if (verdict.type === 'refuse') throw new SafetyRefusal(verdict.why);
    if (verdict.type === 'stored') {
      // It may have been asked for twice in a row: the first record may still be on its way.
      await this.inFlight;
      return verdict.signature;
    }
    const record: LogRecord = { ...request, signature: sign(this.privateKey, request.signBytes) };
    this.guard.remember(record);
    const payload = encodeLogRecord(record);
    this.sizeBytes += payload.length;
    const done = this.log.append(payload);
    this.inFlight = Promise.all([this.inFlight, done]);
    await done;
    return record.signature;
  }

  /** A height is decided and durable: what was signed in it can no longer conflict. Nothing of the next is asked for before this resolves. */
  async committed(height: bigint): Promise<void> {
    await this.settled();
    this.guard.letGo(height);
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

function mark(path: string, height: bigint): void {
  const worst = readMark(path) > height ? readMark(path) : height;
  const fd = openSync(`${path}.new`, 'w', 0o600);
  writeFileSync(fd, worst.toString());
  fsyncSync(fd);
  closeSync(fd);
  renameSync(`${path}.new`, path);
  syncFolder(dirname(path));
}

function readMark(path: string): bigint {
  if (!existsSync(path)) return -1n;
  const text = readFileSync(path, 'utf8');
  return /^\d+$/.test(text) ? BigInt(text) : (1n << 64n) - 1n;
}
