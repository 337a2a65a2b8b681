import type { Logger } from 'pino';
import { CodedError } from '#contracts';
import type { RpcForwarder } from './forwarder.js';
import type { NodeCall } from './filters/filter-reader.js';
import type { FilterStore } from './filters/filter-store.js';
import { isCall, itemsOf, messagesOf, type RpcMessage } from './retry.rules.js';
import type { ChainAccess } from './rpc-access.js';
import { CODES, invalidParams, RpcError } from './rpc-error.js';
import type { RpcAnswer } from './upstream.js';

/** What a connection that can be told of events offers. */
export interface SubscriptionSink {
  subscribe(params: unknown): Promise<string>;
  unsubscribe(id: string): boolean;
}

/** All that the gateway answers itself has one of these words in its name, unless it is written with escapes: a node would keep such a filter. */
const OWN_WORDS = [Buffer.from('ilter'), Buffer.from('ubscribe'), Buffer.from('\\u')];
/** A batch with more is left to the node, which refuses it. */
const MAX_BATCH = 1_000;
/** Of all that the gateway answers of one batch: calls beyond are not begun. */
const MAX_BATCH_ANSWER_BYTES = 25 * 1024 * 1024;

function idOf(params: unknown): string {
  const id: unknown = Array.isArray(params) ? params[0] : undefined;
  if (typeof id !== 'string') throw invalidParams('missing value for required argument 0 (id)');
  return id;
}

/** Null for what is nested so deeply that it cannot be written again. */
function textOf(items: unknown[]): string | null {
  try {
    return JSON.stringify(items);
  } catch {
    return null;
  }
}

function tooMuch({ id }: RpcMessage): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error: { code: CODES.limitExceeded, message: `not begun: the answers of the batch exceed ${MAX_BATCH_ANSWER_BYTES} bytes. Ask for less at once` } });
}

/** The answers as their calls stand: the specification does not ask for it, but clients whose ids are not unique count on it. */
function inOrder(items: readonly unknown[], ours: ReadonlySet<unknown>, fromHere: readonly string[], fromNode: readonly string[]): string[] {
  const answered = items.filter((item) => !isCall(item) || item.id !== undefined);
  if (answered.length !== fromHere.length + fromNode.length) return [...fromHere, ...fromNode];
  const [here, node] = [fromHere.values(), fromNode.values()];
  return answered.map((item) => (ours.has(item) ? here : node).next().value as string);
}

const answerOf = (json: string): RpcAnswer => ({ status: 200, contentType: 'application/json', body: Buffer.from(json) });

/** Answers filters and subscriptions, which belong to no one node, and sends everything else to a node as it came. */
export class OwnCalls {
  constructor(
    private readonly forwarder: RpcForwarder,
    private readonly filters: FilterStore,
    private readonly logger: Logger,
  ) {}

  /** @param sink null over HTTP. @throws CodedError where no node answers. */
  async answer(access: ChainAccess, body: Buffer, sink: SubscriptionSink | null): Promise<RpcAnswer> {
    if (!OWN_WORDS.some((word) => body.includes(word))) return this.forwarder.forward(access, body);
    const items = itemsOf(body);
    const own = items.filter(isCall).filter((call) => this.handlerOf(access, call, sink) !== null);
    if (own.length === 0 || items.length > MAX_BATCH) return this.forwarder.forward(access, body);
    const isBatch = body.toString('latin1').trimStart().startsWith('[');
    // What is no call at all is refused by the node as well.
    const ours = new Set<unknown>(own);
    const others = items.filter((item) => !ours.has(item));
    const rest = textOf(others);
    if (rest === null) return answerOf(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: CODES.invalidRequest, message: 'invalid request: it is nested too deeply' } }));
    // First: where no node answers, no filter has gone on.
    const fromNode = others.length === 0 ? [] : messagesOf((await this.forwarder.forward(access, Buffer.from(rest))).body).map((answer) => JSON.stringify(answer));
    const fromHere = await this.answerOwn(access, own, isBatch, sink);
    const answers = inOrder(items, ours, fromHere, fromNode);
    if (answers.length === 0) return { status: 204, contentType: 'application/json', body: Buffer.alloc(0) };
    return answerOf(isBatch ? `[${answers.join(',')}]` : (answers[0] as string));
  }

  private async answerOwn(access: ChainAccess, own: readonly RpcMessage[], isBatch: boolean, sink: SubscriptionSink | null): Promise<string[]> {
    const answers: string[] = [];
    let bytes = 0;
    for (const call of own) {
      const answered = bytes > MAX_BATCH_ANSWER_BYTES ? tooMuch(call) : JSON.stringify(await this.answerOne(access, call, isBatch, sink));
      bytes += answered.length;
      // What was answered is told, however long: a poll's filter has gone on behind it.
      if (call.id !== undefined) answers.push(answered);
    }
    return answers;
  }

  private async answerOne(access: ChainAccess, call: RpcMessage, isBatch: boolean, sink: SubscriptionSink | null): Promise<unknown> {
    const id = call.id ?? null;
    try {
      return { jsonrpc: '2.0', id, result: await this.handlerOf(access, call, sink)?.() };
    } catch (error) {
      if (error instanceof RpcError) return { jsonrpc: '2.0', id, error: { code: error.code, message: error.message, ...(error.data === undefined ? {} : { data: error.data }) } };
      if (error instanceof CodedError && !isBatch) throw error;
      if (error instanceof CodedError) return { jsonrpc: '2.0', id, error: { code: CODES.server, message: error.message, data: { code: error.code } } };
      this.logger.error({ err: error, method: call.method }, 'a call failed');
      return { jsonrpc: '2.0', id, error: { code: CODES.internal, message: 'internal error' } };
    }
  }

  /** Null for what is a node's to answer. */
  private handlerOf(access: ChainAccess, { method, params }: RpcMessage, sink: SubscriptionSink | null): (() => unknown) | null {
    const call = this.nodeCall(access);
    const { filters } = this;
    switch (method) {
      case 'eth_newFilter': return () => filters.addLogs(access, call, params);
      case 'eth_newBlockFilter': return () => filters.addBlocks(access, call);
      case 'eth_newPendingTransactionFilter': return () => filters.addPending(access);
      case 'eth_getFilterChanges': return () => filters.changes(access, call, idOf(params));
      case 'eth_getFilterLogs': return () => filters.logs(access, call, idOf(params));
      case 'eth_uninstallFilter': return () => filters.remove(access, idOf(params));
      case 'eth_subscribe': return sink === null ? null : () => sink.subscribe(params);
      case 'eth_unsubscribe': return sink === null ? null : () => {
        if (!sink.unsubscribe(idOf(params))) throw new RpcError(CODES.server, 'subscription not found');
        return true;
      };
      default: return null;
    }
  }

  private nodeCall(access: ChainAccess): NodeCall {
    const send = async (calls: unknown[]): Promise<unknown[]> => {
      const answer = await this.forwarder.forward(access, Buffer.from(JSON.stringify(calls.map((call, id) => ({ jsonrpc: '2.0', id, ...(call as object) })))));
      const answers = messagesOf(answer.body) as { id?: unknown; result?: unknown; error?: { code: number; message: string; data?: unknown } }[];
      return calls.map((_call, id) => {
        const { result, error } = answers.find((one) => one.id === id) ?? { error: { code: CODES.internal, message: 'the node did not answer the call' } };
        if (error !== undefined) throw new RpcError(error.code, error.message, error.data);
        return result;
      });
    };
    const call = async (method: string, params: unknown[]): Promise<unknown> => (await send([{ method, params }]))[0];
    const atHeight = async (method: string, params: unknown[]): Promise<{ result: unknown; height: number }> => {
      const [height, result] = await send([{ method: 'eth_blockNumber', params: [] }, { method, params }]);
      return { result, height: Number(BigInt(height as string)) };
    };
    return Object.assign(call, { atHeight });
  }
}
