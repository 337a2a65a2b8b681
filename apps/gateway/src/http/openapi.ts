import { Controller, Get, Injectable } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiExcludeEndpoint, DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { CodedError, ProblemSchema } from '#contracts';
import { Policy } from '../auth/policy.js';

/** Keeps the document, which can only be made once all routes are known. */
@Injectable()
export class OpenApiDocument {
  current: OpenAPIObject | undefined;
}

/** OpenAPI 3.1 out of the same zod schemas that validate. */
export function describeApi(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Stele')
    .setDescription('Private, permissioned chains whose results verify offline. Errors are application/problem+json with a stable `code`.')
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .addServer('/', 'This gateway')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An access token of a session, or an API key.' }, 'bearer')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'x-api-key' }, 'apiKey')
    .addGlobalResponse({ status: 'default', description: 'Any other answer is a problem (RFC 9457).', standardSchema: ProblemSchema })
    .build();
  const document = SwaggerModule.createDocument(app, config, { operationIdFactory: (_controller, method) => method });
  for (const path of Object.values(document.paths)) for (const operation of Object.values(path)) {
    summarize(operation);
    nameProblemType(operation);
  }
  return { ...document, paths: { ...document.paths, '/rpc/{chainId}': RPC_PATH } };
}

/** What each operation does, in a line; a test holds that none is missing. */
const SUMMARIES: Readonly<Record<string, string>> = {
  live: 'Whether the process runs',
  ready: 'Whether it can do its work: the database answers',
  registerTenant: 'Register a tenant with its owner',
  me: 'Who the caller is, and its tenant',
  logIn: 'Log in: an access token of ten minutes and a refresh token',
  refreshSession: 'Trade a refresh token for its successor and a new access token; each works once',
  logOut: 'End the session of a refresh token',
  createApiKey: 'Make an API key, which is shown this once',
  listApiKeys: 'The API keys of the tenant, without their secrets',
  revokeApiKey: 'Revoke an API key',
  createChain: 'Found a chain: its members, their accounts, and nodes by data center',
  listChains: 'The chains that the tenant is a member of',
  getChain: 'One chain: its status, what it waits for, its members',
  deleteChain: 'End the tenant’s own nodes, or the chain where it is the sole member',
  listNodes: 'All nodes of a chain, each with status and height',
  getGenesis: 'The genesis file that founders sign and receipts verify against',
  signGenesis: 'Hand in a founder’s signature over the genesis hash',
  prepareContract: 'Compile sources, or take bytecode and ABI, and get the transaction to sign',
  listContracts: 'The contracts of a chain that its members deployed or verified here',
  getContract: 'One contract with its ABI and sources',
  deployContract: 'Hand in the signed transaction of a prepared contract: sent, and its address and ABI kept',
  verifyContract: 'Compare sources with code that stands on the chain, and keep both',
  getOperation: 'How far a long-running request has come',
  followOperation: 'Every change of an operation, as server-sent events',
  registerDataCenter: 'Register an engine that nodes can run on (platform admins)',
  listDataCenters: 'The data centers to choose from; for the platform’s people also how each is reached',
  getDataCenter: 'One data center',
  updateDataCenter: 'Cordon a data center, or open it again (platform admins and operators)',
};

function summarize(operation: unknown): void {
  const named = operation as { operationId?: string; summary?: string };
  const summary = SUMMARIES[named.operationId ?? ''];
  if (summary !== undefined) named.summary = summary;
}

/** The generator knows `application/json` only. */
function nameProblemType(operation: unknown): void {
  const { responses } = operation as { responses?: Record<string, { content?: Record<string, unknown> }> };
  const content = responses?.['default']?.content;
  if (content?.['application/json'] === undefined) return;
  content['application/problem+json'] = content['application/json'];
  delete content['application/json'];
}

/** JSON-RPC is no route of Nest's: its bytes go through as they came. */
const RPC_PATH: OpenAPIObject['paths'][string] = {
  post: {
    operationId: 'callChain',
    tags: ['json-rpc'],
    summary: 'Ethereum JSON-RPC 2.0, one call or a batch; the same path takes a WebSocket',
    security: [{ bearer: [] }, { apiKey: [] }],
    parameters: [{ name: 'chainId', in: 'path', required: true, schema: { type: 'string' } }],
    requestBody: { required: true, content: { 'application/json': { schema: {} } } },
    responses: {
      '200': { description: 'The node’s answer', content: { 'application/json': { schema: {} } } },
      default: { description: 'Any other answer is a problem (RFC 9457).', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
    },
  },
};

@Controller()
export class OpenApiController {
  constructor(private readonly document: OpenApiDocument) {}

  @Get('openapi.json')
  @Policy.public()
  @ApiExcludeEndpoint()
  read(): OpenAPIObject {
    if (this.document.current === undefined) throw new CodedError('not_ready');
    return this.document.current;
  }
}
