import { Body, Controller, Get, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { CreateTenantRequestSchema, CreateTenantResponseSchema, MeSchema, type CreateTenantRequest, type CreateTenantResponse, type MeView } from '#contracts';
import type { Identity } from '../auth/identity.js';
import { Caller, Policy } from '../auth/policy.js';
import { TenantsService } from './tenants.service.js';

@ApiTags('tenants')
@Controller('v1')
export class TenantsController {
  constructor(private readonly tenants: TenantsService) {}

  @Post('tenants')
  @Policy.public()
  @ApiCreatedResponse({ standardSchema: CreateTenantResponseSchema })
  registerTenant(@Body({ schema: CreateTenantRequestSchema }) body: CreateTenantRequest): Promise<CreateTenantResponse> {
    return this.tenants.register(body);
  }

  @Get('me')
  @Policy.anyone()
  @ApiBearerAuth('bearer')
  @ApiSecurity('apiKey')
  @ApiOkResponse({ standardSchema: MeSchema })
  me(@Caller() caller: Identity): Promise<MeView> {
    return this.tenants.me(caller);
  }
}
