import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { decodeCertificate, encodeBlock, encodeCertificate, LedgerError, type Certificate, type HaltProof } from '#ledger';
import { syncFolder } from '../disk/sync-folder.js';

const REASON = 'reason.json';
const MAX_CERTIFICATES = 2;

export interface Halt {
  reason: string;
  /** What proves it, as far as it can be read; two where they conflict. */
  certificates: readonly Certificate[];
}

/**
 * Why this node has halted, and what proves it: `reason.json` ({ reason, at }), `1.certificate`, `2.certificate` and `block`, canonical
 * bytes all. A node that finds one does not take part again: nothing has changed by a restart. Whoever has understood the reason and
 * removed it (another program version after `diverged`, a refounded chain after conflicting certificates) deletes the folder.
 */
export class HaltRecord {
  constructor(private readonly folder: string) {}

  read(): Halt | null {
    const path = join(this.folder, REASON);
    if (!existsSync(path)) return null;
    return { reason: `${reasonIn(readFileSync(path, 'utf8'))} (since before this start; ${this.folder} holds what proves it: delete that folder to take part again)`, certificates: this.certificates() };
  }

  /** The reason is written last: with it, the proof is whole. */
  write(reason: string, proof: HaltProof, nowMs: number): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    proof.certificates.slice(0, MAX_CERTIFICATES).forEach((certificate, i) => this.put(`${i + 1}.certificate`, encodeCertificate(certificate)));
    if (proof.block !== null) this.put('block', encodeBlock(proof.block));
    this.put(REASON, `${JSON.stringify({ reason, at: new Date(nowMs).toISOString() })}\n`);
    syncFolder(this.folder);
    syncFolder(dirname(this.folder));
  }

  private certificates(): Certificate[] {
    const paths = Array.from({ length: MAX_CERTIFICATES }, (_, i) => join(this.folder, `${i + 1}.certificate`)).filter((path) => existsSync(path));
    return paths.flatMap((path) => {
      try {
        return [decodeCertificate(new Uint8Array(readFileSync(path)))];
      } catch (error) {
        if (error instanceof LedgerError) return [];
        throw error;
      }
    });
  }

  private put(name: string, content: Uint8Array | string): void {
    writeFileSync(join(this.folder, name), content, { mode: 0o600, flush: true });
  }
}

/** A reason that cannot be read is still a reason. */
function reasonIn(text: string): string {
  try {
    const { reason } = JSON.parse(text) as { reason?: unknown };
    if (typeof reason === 'string') return reason;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return 'halted for a reason that its record does not tell any more';
}
