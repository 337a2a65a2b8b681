import { Body, Controller, Get, Headers, Param, Patch, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import {
  CreateDataCenterRequestSchema, DataCenterSchema, pageSchema, UpdateDataCenterRequestSchema,
  type CreateDataCenterRequest, type DataCenterView, type Page, type UpdateDataCenterRequest,
} from '#contracts';
import type { Identity } from '../auth/identity.js';
import { Caller, Policy } from '../auth/policy.js';
import { DataCentersService } from './data-centers.service.js';

@ApiTags('data centers')
@ApiBearerAuth('bearer')
@Controller('v1/data-centers')
export class DataCentersController {
  constructor(private readonly dataCenters: DataCentersService) {}

  @Post()
  @Policy.platform('admin')
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @ApiCreatedResponse({ standardSchema: DataCenterSchema })
  registerDataCenter(
    @Caller() caller: Identity,
    @Body({ schema: CreateDataCenterRequestSchema }) body: CreateDataCenterRequest,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<DataCenterView> {
    return this.dataCenters.register(caller, body, key);
  }

  /** Tenants read the names to choose from; the platform's people also how each is reached. */
  @Get()
  @Policy.anyone()
  @ApiSecurity('apiKey')
  @ApiOkResponse({ standardSchema: pageSchema(DataCenterSchema) })
  async listDataCenters(@Caller() caller: Identity): Promise<Page<DataCenterView>> {
    return { data: await this.dataCenters.list(caller), nextCursor: null, hasMore: false };
  }

  @Get(':id')
  @Policy.anyone()
  @ApiSecurity('apiKey')
  @ApiOkResponse({ standardSchema: DataCenterSchema })
  getDataCenter(@Caller() caller: Identity, @Param('id') id: string): Promise<DataCenterView> {
    return this.dataCenters.get(caller, id);
  }

  @Patch(':id')
  @Policy.platform('admin', 'operator')
  @ApiOkResponse({ standardSchema: DataCenterSchema })
  updateDataCenter(
    @Caller() caller: Identity,
    @Param('id') id: string,
    @Body({ schema: UpdateDataCenterRequestSchema }) body: UpdateDataCenterRequest,
  ): Promise<DataCenterView> {
    return this.dataCenters.setCordoned(caller, id, body.cordoned);
  }
}
