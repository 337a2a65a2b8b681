import { setImmediate as nextTurn } from 'node:timers/promises';
import { CODES, limitExceeded, RpcError, toRpcError } from './errors.js';
import type { SubscriptionSink } from './events/subscriptions.js';
import { contextOf, type CallContext, type Method, type RpcServices } from './method.js';

/** Other connections get a turn after so long: a batch must not hold the node's votes and timers. */
const SLICE_MS = 8;

type Id = string | number | null;

/** JSON-RPC 2.0: text in, text out; it knows methods only by the table. */
export class Dispatcher {
  private callsInFlight = 0;

  constructor(
    private readonly methods: ReadonlyMap<string, Method>,
    readonly services: RpcServices,
    readonly onFault: (method: string, error: unknown) => void,
  ) {}

  /** The answer to a request or batch; null when nothing is to be answered (notifications only). Never throws. */
  async answer(text: string, subscriptions: SubscriptionSink | null): Promise<string | null> {
    let request: unknown;
    try {
      request = JSON.parse(text);
    } catch {
      return failure(null, new RpcError(CODES.parse, 'parse error: this is not JSON'));
    }
    const context = contextOf(this.services, subscriptions);
    return Array.isArray(request) ? this.answerBatch(request, context) : this.answerOne(request, context);
  }

  /** Items are begun in their order, so that transactions are admitted in it; they end when they end. */
  private async answerBatch(requests: readonly unknown[], context: CallContext): Promise<string | null> {
    const { batchItems, batchAnswerBytes, batchMs } = this.services.limits;
    if (requests.length === 0) return failure(null, new RpcError(CODES.invalidRequest, 'empty batch'));
    if (requests.length > batchItems) return failure(null, new RpcError(CODES.invalidRequest, `batch too large: ${requests.length} calls, at most ${batchItems} in one batch`));
    const answers: Promise<string | null>[] = [];
    let bytes = 0;
    let sliceBeganMs = performance.now();
    const breathe = async (): Promise<void> => {
      if (performance.now() - sliceBeganMs < SLICE_MS) return;
      await nextTurn();
      sliceBeganMs = performance.now();
    };
    const endsMs = performance.now() + batchMs;
    let lastLong: Promise<unknown> | null = null;
    const notBegun = (request: unknown): string | null =>
      isNotification(request) ? null : failure(idOf(request), limitExceeded(`not begun: the batch took more than ${batchMs} ms, or its answers more than ${batchAnswerBytes} bytes. Ask for less at once`));
    const begin = async (request: unknown): Promise<string | null> => {
      // Nobody would hear the answer.
      if (bytes > batchAnswerBytes) return notBegun(request);
      if (!this.isLong(request)) return this.answerOne(request, context);
      const answer = lastLong === null ? this.answerOne(request, context) : lastLong.then(async () => {
        await breathe();
        return performance.now() < endsMs && bytes <= batchAnswerBytes ? this.answerOne(request, context) : notBegun(request);
      });
      return (lastLong = answer);
    };
    for (const request of requests) {
      answers.push(
        begin(request).then((answer) => {
          bytes += answer?.length ?? 0;
          return answer === null || bytes <= batchAnswerBytes ? answer : failure(idOf(request), limitExceeded(`the answers of the batch exceed ${batchAnswerBytes} bytes: ask for less at once`));
        }),
      );
      await breathe();
    }
    const due = (await Promise.all(answers)).filter((answer) => answer !== null);
    return due.length === 0 ? null : `[${due.join(',')}]`;
  }

  private isLong(request: unknown): boolean {
    const call = readRequest(request);
    return call !== null && this.methods.get(call.method)?.isLong === true;
  }

  private async answerOne(request: unknown, context: CallContext): Promise<string | null> {
    const call = readRequest(request);
    if (call === null) return failure(idOf(request), new RpcError(CODES.invalidRequest, 'invalid request: it must be { jsonrpc: "2.0", method, params?, id? }'));
    const { batchAnswerBytes, callsInFlight } = this.services.limits;
    if (this.callsInFlight >= callsInFlight) return failure(call.id ?? null, limitExceeded('this node answers as many calls as it may at once: try again soon'));
    this.callsInFlight += 1;
    try {
      const result: unknown = await this.run(call.method, call.params, context);
      if (call.id === undefined) return null;
      const answer = success(call.id, result);
      return answer.length <= batchAnswerBytes ? answer : failure(call.id, limitExceeded(`the answer exceeds ${batchAnswerBytes} bytes: ask for less`));
    } catch (error) {
      const known = toRpcError(error);
      if (known === null) this.onFault(call.method, error);
      return call.id === undefined ? null : failure(call.id, known ?? new RpcError(CODES.internal, 'internal error'));
    } finally {
      this.callsInFlight -= 1;
    }
  }

  private run(name: string, params: unknown, context: CallContext): unknown {
    const method = this.methods.get(name);
    if (method === undefined) throw new RpcError(CODES.methodNotFound, `the method ${name.slice(0, 100)} does not exist/is not available`);
    return method.call(context, params);
  }
}

interface Call {
  method: string;
  params: unknown;
  /** Undefined for a notification. */
  id: Id | undefined;
}

function readRequest(request: unknown): Call | null {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) return null;
  const { jsonrpc, method, params, id } = request as Record<string, unknown>;
  if (jsonrpc !== '2.0' || typeof method !== 'string' || (id !== undefined && !isId(id))) return null;
  return { method, params, id };
}

function isNotification(request: unknown): boolean {
  return readRequest(request)?.id === undefined;
}

function isId(value: unknown): value is Id {
  return value === null || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
}

/** The id of a request that may be no request at all. */
function idOf(request: unknown): Id {
  const id: unknown = typeof request === 'object' && request !== null && 'id' in request ? request.id : null;
  return isId(id) ? id : null;
}

function success(id: Id, result: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', id, result: result ?? null });
}

export function failure(id: Id, { code, message, data }: RpcError): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error: data === undefined ? { code, message } : { code, message, data } });
}
