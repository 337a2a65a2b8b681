import { once } from 'node:events';
import type { FastifyReply } from 'fastify';

export interface StreamEvent {
  id: string;
  event: string;
  data: unknown;
}

const HEARTBEAT_MS = 15_000;

/** One event as the WHATWG HTML standard, section 9.2, writes it. JSON holds no line breaks, so one data line is enough. */
export function formatEvent({ id, event, data }: StreamEvent): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** `Last-Event-ID` as a sequence number; 0, everything, for what is none. */
export function lastSequence(header: string | string[] | undefined): number {
  const text = Array.isArray(header) ? header[0] : header;
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

/**
 * Sends events until there are no more or the client leaves. Nest's own `@Sse` numbers what has no id, which would spoil
 * `Last-Event-ID`, and sends no comments, which keep the connection open through proxies.
 */
export async function sendEventStream(reply: FastifyReply, events: AsyncIterable<StreamEvent>, left: AbortSignal): Promise<void> {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no', 'x-request-id': reply.request.id });
  raw.flushHeaders();
  const heartbeat = setInterval(() => raw.write(':\n\n'), HEARTBEAT_MS);
  try {
    for await (const event of events) {
      if (left.aborted) break;
      if (!raw.write(formatEvent(event))) await once(raw, 'drain', { signal: left });
    }
  } catch (error) {
    // The headers are out: all that can be said is the end. The client comes back with its Last-Event-ID.
    if (!left.aborted) reply.request.log.error({ requestId: reply.request.id, err: error }, 'an event stream broke off');
  } finally {
    clearInterval(heartbeat);
    raw.end();
  }
}
