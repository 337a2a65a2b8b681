import { newId } from '#contracts';
import type { EntityManager } from 'typeorm';
import { PersistenceError } from '../database/errors.js';
import { firstRow } from '../database/sql.js';

/** This installation. Its id marks everything that it makes in a runtime. Keys: Ed25519, 0x and 64 hex digits. */
export interface InstallRecord {
  installId: string;
  gatewayPublicKey: string | null;
  provisionerPublicKey: string | null;
  createdAt: Date;
}

/** Set-up (owner): makes the one row where it is missing. */
export async function ensureInstall(manager: EntityManager): Promise<void> {
  await manager.query('insert into install (install_id) values ($1) on conflict do nothing', [newId('install')]);
}

/** Gateway and provisioner. */
export class Install {
  constructor(private readonly manager: EntityManager) {}

  async get(): Promise<InstallRecord> {
    const row = await firstRow<InstallRecord>(
      this.manager,
      'select install_id as "installId", gateway_public_key as "gatewayPublicKey", provisioner_public_key as "provisionerPublicKey", created_at as "createdAt" from install',
    );
    if (row === null) throw new PersistenceError('unavailable', 'The database has not been set up: run the migrations first.');
    return row;
  }

  /** Gateway, at its start: nodes pin this key for RPC. */
  async publishGatewayKey(publicKey: string): Promise<void> {
    await this.manager.query('update install set gateway_public_key = $1 where gateway_public_key is distinct from $1', [publicKey]);
  }

  /** Provisioner, at its start: nodes pin this key for control. */
  async publishProvisionerKey(publicKey: string): Promise<void> {
    await this.manager.query('update install set provisioner_public_key = $1 where provisioner_public_key is distinct from $1', [publicKey]);
  }
}
