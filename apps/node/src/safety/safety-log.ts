import { closeSync, fdatasync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { frameRecord } from '#ledger';
import { syncFolder } from '../disk/sync-folder.js';

/**
 * What this node has signed, on disk before anybody hears of it (docs/spec/consensus.md, rule 11; the bytes: #ledger's
 * `parseLog`). An error of the disk ends the process: after a failed fsync nobody knows what is stored.
 */
export class SafetyLog {
  private constructor(
    private readonly path: string,
    private fd: number,
    private sequence: bigint,
    private readonly fatal: (error: Error) => void,
  ) {}

  /**
   * Opens or creates the log for appending behind what is whole of it.
   * @param fatal called where the disk fails: must end the process.
   */
  static open(path: string, whole: { validBytes: number; nextSequence: bigint }, fatal: (error: Error) => void): SafetyLog {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const fd = openSync(path, 'a+', 0o600);
    if (whole.validBytes < fstatSync(fd).size) {
      ftruncateSync(fd, whole.validBytes);
      fsyncSync(fd);
    }
    syncFolder(dirname(path));
    return new SafetyLog(path, fd, whole.nextSequence, fatal);
  }

  /** Appends one record and resolves once it is durable. */
  append(payload: Uint8Array): Promise<void> {
    const frame = frameRecord(payload, this.sequence);
    return new Promise((resolve) => {
      try {
        const written = writeSync(this.fd, frame);
        if (written !== frame.length) throw new Error(`only ${written} of ${frame.length} bytes could be written: is the disk full?`);
      } catch (error) {
        this.fatal(new Error(`the safety log ${this.path} cannot be written`, { cause: error }));
        return;
      }
      this.sequence += 1n;
      fdatasync(this.fd, (error) => {
        if (error === null) resolve();
        else this.fatal(new Error(`the safety log ${this.path} cannot be made durable`, { cause: error }));
      });
    });
  }

  /** Begins anew, after a decision: what was signed below the new height can no longer conflict. Durable when it returns. */
  reset(): void {
    try {
      const fresh = openSync(`${this.path}.new`, 'w+', 0o600);
      fsyncSync(fresh);
      renameSync(`${this.path}.new`, this.path);
      syncFolder(dirname(this.path));
      closeSync(this.fd);
      this.fd = fresh;
    } catch (error) {
      this.fatal(new Error(`the safety log ${this.path} cannot be begun anew`, { cause: error }));
    }
  }

  close(): void {
    closeSync(this.fd);
  }
}
