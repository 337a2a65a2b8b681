import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher } from './dispatch.js';

export interface HttpOptions {
  cors: boolean;
  bodyBytes: number;
}

/** As Geth takes them. A browser's plain form cannot send these, so a foreign page cannot reach a local node without CORS. */
const CONTENT_TYPES = new Set(['application/json', 'application/json-rpc', 'application/jsonrequest']);
const CORS_MAX_AGE_SECONDS = 600;

/** One POST is one JSON-RPC request or batch; errors of JSON-RPC are answered with status 200. */
export function answerHttp(dispatcher: Dispatcher, options: HttpOptions): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    if (options.cors) allowOrigin(response);
    handle(dispatcher, options, request, response).catch((error: unknown) => {
      dispatcher.onFault('http', error);
      response.destroy();
    });
  };
}

async function handle(dispatcher: Dispatcher, options: HttpOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'OPTIONS' && options.cors) return refuse(response, 204, '');
  if (request.method !== 'POST') {
    response.setHeader('allow', 'POST');
    return refuse(response, 405, 'This is a JSON-RPC endpoint: POST a request, or open a WebSocket.\n');
  }
  const contentType = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!CONTENT_TYPES.has(contentType)) return refuse(response, 415, 'The content type must be application/json.\n');
  const body = await readBody(request, options.bodyBytes);
  if (body === 'tooLarge') {
    response.setHeader('connection', 'close');
    return refuse(response, 413, `The body exceeds ${options.bodyBytes} bytes.\n`);
  }
  if (body === 'aborted') return;
  const answer = await dispatcher.answer(body.toString('utf8'), null);
  if (answer === null) return refuse(response, 204, '');
  const bytes = Buffer.from(answer);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(bytes);
}

function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | 'tooLarge' | 'aborted'> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    request.resume();
    return Promise.resolve('tooLarge');
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) resolve('tooLarge');
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', () => resolve('aborted'));
    request.on('close', () => resolve('aborted'));
  });
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, text === '' ? {} : { 'content-type': 'text/plain; charset=utf-8' });
  response.end(text);
}

function allowOrigin(response: ServerResponse): void {
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('access-control-allow-methods', 'POST, OPTIONS');
  response.setHeader('access-control-allow-headers', 'content-type');
  response.setHeader('access-control-max-age', String(CORS_MAX_AGE_SECONDS));
}
