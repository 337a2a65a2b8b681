import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CodedError } from '#contracts';
import { sendProblem } from '../http/problem.filter.js';
import type { OwnCalls } from './own-calls.js';
import type { RpcAccess } from './rpc-access.js';

/** One call or batch; deploying a large contract takes about 100 kB of hex. */
export const MAX_RPC_BODY_BYTES = 4 * 1024 * 1024;

/**
 * `POST /rpc/{chainId}` in a scope of its own: no content type is parsed, the bytes go through as they came (a buffer, as
 * sending it is half as fast again as sending the stream).
 */
export function registerRpc(fastify: FastifyInstance, access: RpcAccess, calls: OwnCalls): void {
  void fastify.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_RPC_BODY_BYTES }, (_request, body, parsed) => parsed(null, body));
    scope.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
    scope.post('/rpc/:chainId', { bodyLimit: MAX_RPC_BODY_BYTES }, async (request: FastifyRequest<{ Params: { chainId: string } }>, reply: FastifyReply) => {
      const granted = await access.grant(request.params.chainId, request.headers);
      if (!Buffer.isBuffer(request.body) || request.body.length === 0) throw new CodedError('malformed_request', 'the body must be a JSON-RPC call or batch');
      const answer = await calls.answer(granted, request.body, null);
      return reply.status(answer.status).type(answer.contentType).send(answer.body);
    });
    done();
  });
}
