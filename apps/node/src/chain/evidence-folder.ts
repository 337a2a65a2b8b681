import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256, toHex, type Bytes } from '#ledger';

const MAX_FILES = 1000;

/** Proofs against others, and blocks on which this node and the chain disagree, as their canonical bytes. Bounded. */
export class EvidenceFolder {
  private count: number;

  constructor(private readonly folder: string) {
    this.count = existsSync(folder) ? readdirSync(folder).length : 0;
  }

  /** Keeps a proof of equivocation; true where it is new. */
  keep(bytes: Bytes, height: bigint): boolean {
    return this.write(`${height}-${toHex(sha256(bytes)).slice(0, 16)}.evidence`, bytes);
  }

  /** Keeps a certified block that does something else here. */
  keepDiverged(height: bigint, block: Bytes, certificate: Bytes): void {
    this.write(`${height}-diverged.block`, block);
    this.write(`${height}-diverged.certificate`, certificate);
  }

  private write(name: string, bytes: Bytes): boolean {
    const path = join(this.folder, name);
    if (existsSync(path) || this.count >= MAX_FILES) return false;
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    writeFileSync(path, bytes, { mode: 0o600, flush: true });
    this.count += 1;
    return true;
  }
}
