import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiHeader, ApiOkResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import {
  ChainOperationSchema, ChainSchema, CreateChainRequestSchema, NodeSchema, pageSchema, PageQuerySchema,
  type ChainOperationView, type ChainView, type CreateChainRequest, type NodeView, type Page, type PageQuery,
} from '#contracts';
import type { TenantIdentity } from '../auth/identity.js';
import { Policy, TenantCaller } from '../auth/policy.js';
import { ChainsService } from './chains.service.js';

@ApiTags('chains')
@ApiBearerAuth('bearer')
@ApiSecurity('apiKey')
@Controller('v1/chains')
export class ChainsController {
  constructor(private readonly chains: ChainsService) {}

  @Post()
  @HttpCode(202)
  @Policy.tenantWriter('chains:write')
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @ApiAcceptedResponse({ standardSchema: ChainOperationSchema })
  async createChain(
    @TenantCaller() caller: TenantIdentity,
    @Body({ schema: CreateChainRequestSchema }) body: CreateChainRequest,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ChainOperationView> {
    return accepted(reply, await this.chains.create(caller, body, key));
  }

  @Get()
  @Policy.tenantReader('chains:read')
  @ApiOkResponse({ standardSchema: pageSchema(ChainSchema) })
  listChains(@TenantCaller() caller: TenantIdentity, @Query({ schema: PageQuerySchema }) query: PageQuery): Promise<Page<ChainView>> {
    return this.chains.list(caller, query);
  }

  @Get(':id')
  @Policy.tenantReader('chains:read')
  @ApiOkResponse({ standardSchema: ChainSchema })
  getChain(@TenantCaller() caller: TenantIdentity, @Param('id') id: string): Promise<ChainView> {
    return this.chains.get(caller, id);
  }

  @Delete(':id')
  @HttpCode(202)
  @Policy.tenantWriter('chains:write')
  @ApiAcceptedResponse({ standardSchema: ChainOperationSchema })
  async deleteChain(@TenantCaller() caller: TenantIdentity, @Param('id') id: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<ChainOperationView> {
    return accepted(reply, await this.chains.remove(caller, id));
  }

  @Get(':id/nodes')
  @Policy.tenantReader('chains:read')
  @ApiOkResponse({ standardSchema: pageSchema(NodeSchema) })
  listNodes(@TenantCaller() caller: TenantIdentity, @Param('id') id: string): Promise<Page<NodeView>> {
    return this.chains.nodes(caller, id);
  }
}

function accepted(reply: FastifyReply, answer: ChainOperationView): ChainOperationView {
  void reply.header('location', `/v1/operations/${answer.operation.id}`);
  return answer;
}
