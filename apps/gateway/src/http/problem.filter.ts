import { Catch, NotFoundException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { CodedError } from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { methodsOf, type Route } from './methods.rules.js';
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
  constructor(private readonly routes: readonly Route[]) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const [request, reply] = [http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>()];
    // The framework knows no route for this method; the path may be one for others (RFC 9110, section 15.5.6).
    const methods = error instanceof NotFoundException ? methodsOf(this.routes, request.url) : [];
    if (methods.length === 0) return sendProblem(error, request, reply);
    void reply.header('allow', methods.join(', '));
    sendProblem(new CodedError('method_not_allowed', `${request.method} is not among the methods of this path: ${methods.join(', ')}.`), request, reply);
  }
}
