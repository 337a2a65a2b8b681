import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GenesisFile } from '#ledger';
import { syncFolder } from '../disk/sync-folder.js';
import type { PeerEndpoints } from '../peer/mesh.js';

/** Genesis and endpoints in the node's volume: with them a restarted node goes on by itself. */
export class GenesisFolder {
  constructor(private readonly folder: string) {}

  genesisFile(): GenesisFile | null {
    return this.read('genesis.json') as GenesisFile | null;
  }

  endpoints(): PeerEndpoints {
    return (this.read('endpoints.json') ?? {}) as PeerEndpoints;
  }

  putGenesis(file: unknown): void {
    this.write('genesis.json', file);
  }

  putEndpoints(endpoints: PeerEndpoints): void {
    this.write('endpoints.json', endpoints);
  }

  private read(name: string): unknown {
    const path = join(this.folder, name);
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
  }

  /** Whole or not at all, and durable when it returns. */
  private write(name: string, value: unknown): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const path = join(this.folder, name);
    writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600, flush: true });
    renameSync(`${path}.new`, path);
    syncFolder(this.folder);
  }
}
