import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import {
  ContractQuerySchema, ContractSchema, ContractSummarySchema, DeployContractRequestSchema, pageSchema, PrepareContractRequestSchema, PreparedContractSchema, VerifyContractRequestSchema,
  type ContractQuery, type ContractSummary, type ContractView, type DeployContractRequest, type Page, type PrepareContractRequest, type PreparedContractView, type VerifyContractRequest,
} from '#contracts';
import type { TenantIdentity } from '../auth/identity.js';
import { Policy, TenantCaller } from '../auth/policy.js';
import { ContractsService } from './contracts.service.js';

@ApiTags('contracts')
@ApiBearerAuth('bearer')
@ApiSecurity('apiKey')
@Controller('v1/chains/:id')
export class ContractsController {
  constructor(private readonly contracts: ContractsService) {}

  @Post('contracts')
  @HttpCode(201)
  @Policy.tenantDeveloper('chains:write')
  @ApiCreatedResponse({ standardSchema: PreparedContractSchema })
  prepareContract(@TenantCaller() caller: TenantIdentity, @Param('id') id: string, @Body({ schema: PrepareContractRequestSchema }) body: PrepareContractRequest): Promise<PreparedContractView> {
    return this.contracts.prepare(caller, id, body);
  }

  @Get('contracts')
  @Policy.tenantReader('chains:read')
  @ApiOkResponse({ standardSchema: pageSchema(ContractSummarySchema) })
  listContracts(@TenantCaller() caller: TenantIdentity, @Param('id') id: string, @Query({ schema: ContractQuerySchema }) query: ContractQuery): Promise<Page<ContractSummary>> {
    return this.contracts.list(caller, id, query);
  }

  @Get('contracts/:contractId')
  @Policy.tenantReader('chains:read')
  @ApiOkResponse({ standardSchema: ContractSchema })
  getContract(@TenantCaller() caller: TenantIdentity, @Param('id') id: string, @Param('contractId') contractId: string): Promise<ContractView> {
    return this.contracts.get(caller, id, contractId);
  }

  @Post('contracts/:contractId/deployment')
  @HttpCode(200)
  @Policy.tenantDeveloper('chains:write')
  @ApiOkResponse({ standardSchema: ContractSchema })
  deployContract(
    @TenantCaller() caller: TenantIdentity,
    @Param('id') id: string,
    @Param('contractId') contractId: string,
    @Body({ schema: DeployContractRequestSchema }) body: DeployContractRequest,
  ): Promise<ContractView> {
    return this.contracts.deploy(caller, id, contractId, body.signedTransaction);
  }

  @Post('contract-verifications')
  @HttpCode(200)
  @Policy.tenantDeveloper('chains:write')
  @ApiOkResponse({ standardSchema: ContractSchema })
  verifyContract(@TenantCaller() caller: TenantIdentity, @Param('id') id: string, @Body({ schema: VerifyContractRequestSchema }) body: VerifyContractRequest): Promise<ContractView> {
    return this.contracts.verify(caller, id, body);
  }
}
