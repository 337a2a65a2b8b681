import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { ChainNodeEntity } from '../chains/chain-node.entity.js';
import { ChainEntity, ChainMemberEntity } from '../chains/chain.entity.js';
import { DataCenterEntity } from '../data-centers/data-center.entity.js';
import { TenantEntity, TenantUserEntity } from '../identity/tenant.entity.js';
import { ContractEntity } from '../contracts/contract.entity.js';
import { ApiKeyEntity, RefreshTokenEntity } from '../identity/token.entities.js';
import { UserEntity } from '../identity/user.entity.js';
import { OperationEntity } from '../operations/operation.entity.js';
import { assertSafeRole } from './boot-check.js';

export const ENTITIES = [
  UserEntity, TenantEntity, TenantUserEntity, RefreshTokenEntity, ApiKeyEntity,
  ChainEntity, ChainMemberEntity, ChainNodeEntity, OperationEntity, DataCenterEntity, ContractEntity,
];

export interface DataSourceSettings {
  /** Connections at most. */
  poolSize?: number;
  applicationName?: string;
}

/** Not connected yet: call `initialize()`, then `assertSafeRole`. The schema comes from the migrations, never from entities. */
export function createDataSource(url: string, settings: DataSourceSettings = {}): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    entities: ENTITIES,
    synchronize: false,
    migrationsRun: false,
    installExtensions: false,
    uuidExtension: 'pgcrypto',
    poolSize: settings.poolSize ?? 10,
    applicationName: settings.applicationName ?? 'stele',
    connectTimeoutMS: 10_000,
    extra: { idleTimeoutMillis: 30_000, keepAlive: true },
  });
}

/** Connected and checked: what gateway and provisioner call at their start. Throws `unsafeRole`. */
export async function openDataSource(url: string, settings: DataSourceSettings = {}): Promise<DataSource> {
  const dataSource = await createDataSource(url, settings).initialize();
  try {
    await assertSafeRole(dataSource);
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
  return dataSource;
}
