import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiKeySchema, CreateApiKeyRequestSchema, CreatedApiKeySchema, pageSchema, PageQuerySchema,
  type ApiKeyView, type CreateApiKeyRequest, type CreatedApiKeyView, type Page, type PageQuery,
} from '#contracts';
import type { TenantIdentity } from '../auth/identity.js';
import { Policy, TenantCaller } from '../auth/policy.js';
import { ApiKeysService } from './api-keys.service.js';

/** Only people make and revoke keys: a stolen key must not make itself a successor. */
@ApiTags('api keys')
@ApiBearerAuth('bearer')
@Controller('v1/api-keys')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeysService) {}

  @Post()
  @Policy.tenantDeveloper(null)
  @ApiCreatedResponse({ standardSchema: CreatedApiKeySchema })
  createApiKey(@TenantCaller() caller: TenantIdentity, @Body({ schema: CreateApiKeyRequestSchema }) body: CreateApiKeyRequest): Promise<CreatedApiKeyView> {
    return this.keys.create(caller, body);
  }

  @Get()
  @Policy.tenantReader(null)
  @ApiOkResponse({ standardSchema: pageSchema(ApiKeySchema) })
  listApiKeys(@TenantCaller() caller: TenantIdentity, @Query({ schema: PageQuerySchema }) query: PageQuery): Promise<Page<ApiKeyView>> {
    return this.keys.list(caller, query);
  }

  @Delete(':id')
  @HttpCode(204)
  @Policy.tenantDeveloper(null)
  @ApiNoContentResponse()
  async revokeApiKey(@TenantCaller() caller: TenantIdentity, @Param('id') id: string): Promise<void> {
    await this.keys.revoke(caller, id);
  }
}
