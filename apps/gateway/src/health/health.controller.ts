import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { DataSource } from 'typeorm';
import { CodedError } from '#contracts';
import { Policy } from '../auth/policy.js';
import { DATABASE } from '../database.js';

const TIMEOUT_MS = 2_000;

@ApiTags('health')
@Controller()
export class HealthController {
  constructor(@Inject(DATABASE) private readonly dataSource: DataSource) {}

  /** The process answers. */
  @Get('livez')
  @Policy.public()
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** It can do its work: the database answers. @throws CodedError `not_ready` */
  @Get('readyz')
  @Policy.public()
  async ready(): Promise<{ status: 'ok' }> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`the database did not answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    });
    try {
      await Promise.race([this.dataSource.query('select 1'), late]);
    } catch (error) {
      throw new CodedError('not_ready', 'the database does not answer', { cause: error });
    } finally {
      clearTimeout(timer);
    }
    return { status: 'ok' };
  }
}
