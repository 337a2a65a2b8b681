import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { ChainSchema, GenesisFileSchema, SignGenesisRequestSchema, type ChainView, type SignGenesisRequest } from '#contracts';
import type { TenantIdentity } from '../auth/identity.js';
import { Policy, TenantCaller } from '../auth/policy.js';
import { GenesisService } from './genesis.service.js';

@ApiTags('chains')
@ApiBearerAuth('bearer')
@ApiSecurity('apiKey')
@Controller('v1/chains/:id/genesis')
export class GenesisController {
  constructor(private readonly genesis: GenesisService) {}

  @Get()
  @Policy.tenantReader('chains:read')
  @ApiOkResponse({ standardSchema: GenesisFileSchema })
  getGenesis(@TenantCaller() caller: TenantIdentity, @Param('id') id: string): Promise<Record<string, unknown>> {
    return this.genesis.read(caller, id);
  }

  @Post('signatures')
  @HttpCode(200)
  @Policy.tenantWriter('chains:write')
  @ApiOkResponse({ standardSchema: ChainSchema })
  signGenesis(@TenantCaller() caller: TenantIdentity, @Param('id') id: string, @Body({ schema: SignGenesisRequestSchema }) body: SignGenesisRequest): Promise<ChainView> {
    return this.genesis.sign(caller, id, body);
  }
}
