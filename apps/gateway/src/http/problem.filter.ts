import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemOf, toCodedError } from './problem.rules.js';

/** Writes the problem document of an error, on Nest's routes and on the raw JSON-RPC scope alike. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const coded = toCodedError(error);
  if (coded.status >= 500) request.log.error({ requestId: request.id, err: coded.extra.cause ?? coded, code: coded.code }, 'request failed');
  if (reply.sent || reply.raw.headersSent) {
    reply.raw.destroy();
    return;
  }
  if (coded.extra.retryAfterSeconds !== undefined) void reply.header('retry-after', String(coded.extra.retryAfterSeconds));
  if (coded.status === 401) void reply.header('www-authenticate', 'Bearer realm="stele"');
  void reply.status(coded.status).type('application/problem+json').send(JSON.stringify(problemOf(coded, request.id)));
}

/** The one place where errors become answers. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }
}
