import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { LedgerError } from '#ledger';
import type { BindingPurpose, NodeBinding } from '../identity/binding.js';
import type { Enrolment } from './enrolment.js';

/** `host:port`s of each peer, by raw public key in hex. */
export type Endpoints = Record<string, string[]>;

/** What the control listener may ask of the node. */
export interface NodeControl {
  status(): Record<string, unknown>;
  /** @throws ControlRefusal `otherGenesis`, LedgerError for a genesis that is none. */
  putGenesis(genesisFile: unknown, endpoints: Endpoints): Promise<void>;
  putEndpoints(endpoints: Endpoints): void;
  /** @throws ControlRefusal `noGenesis`. */
  binding(member: number, purpose: BindingPurpose): NodeBinding;
  metrics(): string;
  drain(): void;
}

export class ControlRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const MAX_BODY_BYTES = 4 * 1024 * 1024;
const ENROL_MESSAGES = {
  noSecret: 'this node was started without an enrolment secret',
  spent: 'the enrolment secret is spent',
  otherClient: 'another client has enrolled this node',
  wrongProof: 'the proof of the enrolment secret is wrong',
};

/** HTTP over the pinned sockets of the control listener: `server.emit('connection', socket)` for each. */
export function createControlServer(node: NodeControl, enrolment: Enrolment, keyOf: (socket: TLSSocket) => Uint8Array): Server {
  return createServer((request, response) => {
    handle(node, enrolment, keyOf, request).then(
      (answer) => reply(response, 200, answer),
      (error: unknown) => {
        if (error instanceof ControlRefusal) reply(response, error.status, { code: error.code, message: error.message });
        else if (error instanceof LedgerError) reply(response, 400, { code: error.code, message: error.message });
        else reply(response, 500, { code: 'internal', message: error instanceof Error ? error.message : String(error) });
      },
    );
  });
}

async function handle(node: NodeControl, enrolment: Enrolment, keyOf: (socket: TLSSocket) => Uint8Array, request: IncomingMessage): Promise<unknown> {
  const socket = request.socket as TLSSocket;
  const route = `${request.method} ${request.url}`;
  switch (route) {
    case 'GET /v1/status':
      return node.status();
    case 'GET /v1/metrics':
      return node.metrics();
    case 'POST /v1/enrol': {
      const { clientProof } = await bodyOf(request);
      const answer = enrolment.answer(socket, keyOf(socket), typeof clientProof === 'string' ? clientProof : '');
      if ('refused' in answer) throw new ControlRefusal(403, answer.refused, ENROL_MESSAGES[answer.refused]);
      return answer;
    }
    case 'PUT /v1/genesis': {
      const { genesisFile, endpoints } = await bodyOf(request);
      await node.putGenesis(genesisFile, endpointsOf(endpoints));
      return node.status();
    }
    case 'PUT /v1/endpoints':
      node.putEndpoints(endpointsOf((await bodyOf(request))['endpoints']));
      return {};
    case 'POST /v1/binding': {
      const { member, purpose } = await bodyOf(request);
      if (!Number.isInteger(member) || (member as number) < 0 || (member as number) > 0xffff_ffff) throw new ControlRefusal(400, 'badBody', 'member is the id of a member in the Consortium contract, a whole number');
      if (purpose !== 'register' && purpose !== 'activate') throw new ControlRefusal(400, 'badBody', 'purpose is register or activate');
      return node.binding(member as number, purpose);
    }
    case 'POST /v1/drain':
      node.drain();
      return {};
    default:
      throw new ControlRefusal(404, 'unknownRoute', `there is no ${route}`);
  }
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new ControlRefusal(413, 'tooLarge', `a body may have ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    const value = JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
    if (value === null || typeof value !== 'object') throw new Error('no object');
    return value as Record<string, unknown>;
  } catch (error) {
    throw new ControlRefusal(400, 'badBody', `the body is no JSON object: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function endpointsOf(value: unknown): Endpoints {
  const entries = Object.entries((value ?? {}) as Record<string, unknown>);
  for (const [key, list] of entries) {
    const good = /^[0-9a-f]{64}$/.test(key) && Array.isArray(list) && list.length <= 16 && list.every((one) => typeof one === 'string' && /^[^\s]{1,253}:\d{1,5}$/.test(one));
    if (!good) throw new ControlRefusal(400, 'badEndpoints', 'endpoints must be { publicKeyHex: ["host:port", …] }');
  }
  return Object.fromEntries(entries) as Endpoints;
}

function reply(response: ServerResponse, status: number, answer: unknown): void {
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
  response.writeHead(status, { 'content-type': typeof answer === 'string' ? 'text/plain; version=0.0.4' : 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
