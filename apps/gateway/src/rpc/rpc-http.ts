import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CodedError } from '#contracts';
import { TenantPlaces } from '../http/tenant-places.js';
import { sendProblem } from '../http/problem.filter.js';
import type { OwnCalls } from './own-calls.js';
import type { RpcAccess } from './rpc-access.js';

/** One call or batch; deploying a large contract takes about 100 kB of hex. */
export const MAX_RPC_BODY_BYTES = 4 * 1024 * 1024;

/** Answers of one tenant that wait to be read: whoever asks for much and does not read has no more than this kept for it. */
const MAX_UNREAD_BYTES = 256 * 1024 * 1024;
/** Smaller ones are always told. */
const SMALL_ANSWER_BYTES = 64 * 1024;

/**
 * `POST /rpc/{chainId}` in a scope of its own: no content type is parsed, the bytes go through as they came (a buffer, as
 * sending it is half as fast again as sending the stream).
 */
export function registerRpc(fastify: FastifyInstance, access: Pick<RpcAccess, 'grant'>, calls: Pick<OwnCalls, 'answer'>, maxUnreadBytes: number = MAX_UNREAD_BYTES): void {
  const unread = new TenantPlaces(maxUnreadBytes);
  void fastify.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_RPC_BODY_BYTES }, (_request, body, parsed) => parsed(null, body));
    scope.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
    scope.post('/rpc/:chainId', { bodyLimit: MAX_RPC_BODY_BYTES }, async (request: FastifyRequest<{ Params: { chainId: string } }>, reply: FastifyReply) => {
      const granted = await access.grant(request.params.chainId, request.headers);
      if (!Buffer.isBuffer(request.body) || request.body.length === 0) throw new CodedError('malformed_request', 'the body must be a JSON-RPC call or batch');
      const answer = await calls.answer(granted, request.body, null);
      if (answer.body.length > SMALL_ANSWER_BYTES) {
        const read = unread.take(granted.tenantId, answer.body.length);
        if (read === null) throw new CodedError('rate_limited', `answers of ${maxUnreadBytes} bytes wait to be read by this tenant: read them, or ask for less at once`, { retryAfterSeconds: 1 });
        reply.raw.once('close', read);
      }
      return reply.status(answer.status).type(answer.contentType).send(answer.body);
    });
    done();
  });
}
