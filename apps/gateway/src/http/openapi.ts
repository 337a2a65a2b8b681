import { Controller, Get, Injectable } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiExcludeEndpoint, DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { CodedError } from '#contracts';
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
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An access token of a session, or an API key.' }, 'bearer')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'x-api-key' }, 'apiKey')
    .build();
  return SwaggerModule.createDocument(app, config, { operationIdFactory: (_controller, method) => method });
}

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
