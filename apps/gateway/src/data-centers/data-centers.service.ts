import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { CodedError, type CreateDataCenterRequest, type DataCenterView } from '#contracts';
import { DataCenters, withAccess, type Access, type DataCenterRecord } from '#persistence';
import type { Identity } from '../auth/identity.js';
import { DATABASE } from '../database.js';
import { Idempotency } from '../http/idempotency.js';

/** What tenants are told: the engine's own words name sockets and hosts. */
const TENANT_REASONS: Partial<Record<DataCenterRecord['status'], string>> = { unreachable: 'its engine does not answer', refused: 'its engine does not keep to the restrictions that nodes run under' };

/** How the engine is reached and what it may hand out is the platform's own business: tenants see null there. */
function viewOf(record: DataCenterRecord, platform: boolean): DataCenterView {
  return {
    id: record.id,
    name: record.name,
    runtime: record.runtime,
    endpoint: platform ? record.endpoint : null,
    advertiseAddress: platform ? record.advertiseAddress : null,
    portFrom: platform ? record.portFrom : null,
    portTo: platform ? record.portTo : null,
    subnetPool: platform ? record.subnetPool : null,
    reason: platform ? record.reason : (TENANT_REASONS[record.status] ?? null),
    cordoned: record.cordoned,
    status: record.status,
    capacity: platform ? record.capacity : null,
    observedAt: record.observedAt?.toISOString() ?? null,
  };
}

function accessOf(caller: Identity): Access {
  return { userId: caller.userId, ...(caller.tenantId === null ? {} : { tenantId: caller.tenantId }), platform: caller.platformRole !== null };
}

/** The gateway writes what is wanted and rings; only the provisioner ever talks to an engine. */
@Injectable()
export class DataCentersService {
  constructor(
    @Inject(DATABASE) private readonly dataSource: DataSource,
    private readonly idempotency: Idempotency,
  ) {}

  register(caller: Identity, body: CreateDataCenterRequest, key: string | undefined): Promise<DataCenterView> {
    const access: Access = { userId: caller.userId, platform: true };
    return this.idempotency.run(access, { key, route: 'POST /v1/data-centers', body }, 201, async (manager) =>
      viewOf(await new DataCenters(manager).register(body), true),
    );
  }

  async list(caller: Identity): Promise<DataCenterView[]> {
    const records = await withAccess(this.dataSource, accessOf(caller), (manager) => new DataCenters(manager).list());
    return records.map((record) => viewOf(record, caller.platformRole !== null));
  }

  /** @throws CodedError `not_found` */
  async get(caller: Identity, idOrName: string): Promise<DataCenterView> {
    const record = await withAccess(this.dataSource, accessOf(caller), (manager) => new DataCenters(manager).get(idOrName));
    if (record === null) throw new CodedError('not_found');
    return viewOf(record, caller.platformRole !== null);
  }

  /** @throws CodedError `not_found` */
  async setCordoned(caller: Identity, id: string, cordoned: boolean): Promise<DataCenterView> {
    const record = await withAccess(this.dataSource, { userId: caller.userId, platform: true }, (manager) => new DataCenters(manager).setCordoned(id, cordoned));
    if (record === null) throw new CodedError('not_found');
    return viewOf(record, true);
  }
}
