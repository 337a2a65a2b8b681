import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeEvidence, encodeEvidence, evidenceKey, evidencePlace, LedgerError, sha256, toHex, utf8, type Bytes, type Evidence } from '#ledger';
import { syncFolder } from '../disk/sync-folder.js';

const MAX_FILES = 1000;
const PROOF = '.evidence';

/** Proofs of equivocation, as their canonical bytes. Bounded. */
export class EvidenceFolder {
  private count: number;

  constructor(private readonly folder: string) {
    this.count = existsSync(folder) ? readdirSync(folder).length : 0;
  }

  /** Keeps a proof of equivocation; true where it is new. */
  keep(evidence: Evidence): boolean {
    const name = toHex(sha256(utf8(evidenceKey(evidence)))).slice(0, 16);
    return this.write(`${evidencePlace(evidence).height}-${name}${PROOF}`, encodeEvidence(evidence));
  }

  /** All that is kept of the former, for a machine that begins anew. What cannot be read is left alone. */
  proofs(): Evidence[] {
    if (!existsSync(this.folder)) return [];
    const names = readdirSync(this.folder).filter((name) => name.endsWith(PROOF)).sort();
    return names.flatMap((name) => proofIn(join(this.folder, name)) ?? []);
  }

  private write(name: string, bytes: Bytes): boolean {
    const path = join(this.folder, name);
    // What a crash or a full disk has left a part of is written again.
    const isNew = !existsSync(path);
    if (isNew ? this.count >= MAX_FILES : proofIn(path) !== null) return false;
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, bytes, { mode: 0o600, flush: true });
    renameSync(`${path}.new`, path);
    syncFolder(this.folder);
    if (isNew) this.count += 1;
    return true;
  }
}

/** The proof in a file, or null where it cannot be read as one. */
function proofIn(path: string): Evidence | null {
  try {
    return decodeEvidence(new Uint8Array(readFileSync(path)));
  } catch (error) {
    if (error instanceof LedgerError) return null;
    throw error;
  }
}
