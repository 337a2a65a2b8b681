import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { CodedError, type OperationView } from '#contracts';
import { OperationFeed, Operations, withTenant, type OperationRecord } from '#persistence';
import type { TenantIdentity } from '../auth/identity.js';
import { DATABASE } from '../database.js';
import { operationAt, operationView } from './operation.view.js';

export interface StreamedOperation {
  seq: number;
  operation: OperationView;
}

@Injectable()
export class OperationsService {
  constructor(
    @Inject(DATABASE) private readonly dataSource: DataSource,
    private readonly feed: OperationFeed,
  ) {}

  async get(caller: TenantIdentity, id: string): Promise<OperationView> {
    return operationView(await this.record(caller, id));
  }

  /** What happened after `afterSeq`, and what happens until the operation is over. @throws CodedError `not_found` at once */
  async follow(caller: TenantIdentity, id: string, afterSeq: number, signal: AbortSignal): Promise<AsyncGenerator<StreamedOperation, void>> {
    const record = await this.record(caller, id);
    const { feed } = this;
    return (async function* () {
      for await (const event of feed.follow(caller, id, afterSeq, signal)) yield { seq: event.seq, operation: operationAt(record, event.data) };
    })();
  }

  private async record(caller: TenantIdentity, id: string): Promise<OperationRecord> {
    const record = await withTenant(this.dataSource, caller, (manager) => new Operations(manager, caller.tenantId).get(id));
    if (record === null) throw new CodedError('not_found');
    return record;
  }
}
