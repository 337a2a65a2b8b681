import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOkResponse, ApiProduces, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CodedError, OperationSchema, type OperationView } from '#contracts';
import type { TenantIdentity } from '../auth/identity.js';
import { Policy, TenantCaller } from '../auth/policy.js';
import { lastSequence, sendEventStream, type StreamEvent } from '../http/event-stream.js';
import { OperationsService, type StreamedOperation } from './operations.service.js';

const MAX_STREAMS_PER_TENANT = 100;

async function* asEvents(stream: AsyncIterable<StreamedOperation>): AsyncGenerator<StreamEvent> {
  for await (const { seq, operation } of stream) yield { id: String(seq), event: 'operation', data: operation };
}

@ApiTags('operations')
@ApiBearerAuth('bearer')
@ApiSecurity('apiKey')
@Controller('v1/operations')
export class OperationsController {
  private readonly streams = new Map<string, number>();

  constructor(private readonly operations: OperationsService) {}

  @Get(':id')
  @Policy.tenantReader('chains:read')
  @ApiOkResponse({ standardSchema: OperationSchema })
  getOperation(@TenantCaller() caller: TenantIdentity, @Param('id') id: string): Promise<OperationView> {
    return this.operations.get(caller, id);
  }

  /** Server-sent events `operation`, each the whole operation as it then was; the stream ends when the operation does. */
  @Get(':id/events')
  @Policy.tenantReader('chains:read')
  @ApiProduces('text/event-stream')
  @ApiHeader({ name: 'Last-Event-ID', required: false })
  @ApiOkResponse({ description: 'text/event-stream of operations' })
  async followOperation(@TenantCaller() caller: TenantIdentity, @Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const open = this.streams.get(caller.tenantId) ?? 0;
    if (open >= MAX_STREAMS_PER_TENANT) throw new CodedError('rate_limited', 'this tenant has too many open event streams', { retryAfterSeconds: 5 });
    const left = new AbortController();
    request.raw.once('close', () => left.abort());
    reply.raw.once('close', () => left.abort());
    this.streams.set(caller.tenantId, open + 1);
    try {
      const stream = await this.operations.follow(caller, id, lastSequence(request.headers['last-event-id']), left.signal);
      await sendEventStream(reply, asEvents(stream), left.signal);
    } finally {
      const now = (this.streams.get(caller.tenantId) ?? 1) - 1;
      if (now <= 0) this.streams.delete(caller.tenantId);
      else this.streams.set(caller.tenantId, now);
    }
  }
}
