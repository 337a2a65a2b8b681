import { keccak_256 } from '@noble/hashes/sha3.js';

/**
 * What a retry of a JSON-RPC call needs to know. A transaction sent twice is one transaction (its hash names it), but
 * the second node may refuse it because the first node's gossip made it known, or even committed, in the meantime.
 */

export interface RpcMessage {
  jsonrpc?: unknown;
  id?: unknown;
  method?: unknown;
  params?: unknown;
  result?: unknown;
  error?: unknown;
}

const SEND = 'eth_sendRawTransaction';
const SEND_BYTES = Buffer.from(SEND);

/** A look at the bytes, to spare parsing of what holds no transaction. */
export function mayHoldTransaction(body: Buffer): boolean {
  return body.includes(SEND_BYTES);
}

/** A call or a batch as a list, whatever its items are; an empty list for what is no JSON. */
export function itemsOf(body: Buffer): unknown[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    return [];
  }
  return Array.isArray(parsed) ? (parsed as unknown[]) : [parsed];
}

export function isMessage(item: unknown): item is RpcMessage {
  return typeof item === 'object' && item !== null;
}

/** An id that may be repeated in an answer: what else a client writes there (lists, nested without end) is not. */
export function isId(id: unknown): id is string | number | null {
  return id === null || typeof id === 'string' || typeof id === 'number';
}

/** A call as a node takes it; what is none is for the node to refuse. */
export function isCall(item: unknown): item is RpcMessage {
  return isMessage(item) && item.jsonrpc === '2.0' && typeof item.method === 'string' && (item.id === undefined || isId(item.id));
}

/** A call or a batch as a list; an empty list for what is no JSON-RPC. */
export function messagesOf(body: Buffer): RpcMessage[] {
  return itemsOf(body).filter(isMessage);
}

/** keccak256 of the raw transaction of a send call, `0x…`; null for any other call. */
export function sentTransactionHash(call: RpcMessage): string | null {
  if (call.method !== SEND || !Array.isArray(call.params)) return null;
  const raw: unknown = call.params[0];
  if (typeof raw !== 'string' || !/^0x(?:[0-9a-fA-F]{2})+$/.test(raw)) return null;
  return `0x${Buffer.from(keccak_256(Buffer.from(raw.slice(2), 'hex'))).toString('hex')}`;
}

/** The sends of a request that the answer refused: request id (as JSON) → transaction hash. */
export function refusedSends(request: Buffer, answer: Buffer): Map<string, string> {
  const hashes = new Map<string, string>();
  for (const call of messagesOf(request)) {
    const hash = sentTransactionHash(call);
    if (hash !== null && isCall(call)) hashes.set(JSON.stringify(call.id ?? null), hash);
  }
  const refused = new Map<string, string>();
  for (const reply of messagesOf(answer)) {
    const id = JSON.stringify(reply.id ?? null);
    const hash = hashes.get(id);
    if (hash !== undefined && reply.error !== undefined) refused.set(id, hash);
  }
  return refused;
}

/** The answer with a result in place of the error for every send whose transaction turned out to be known. */
export function acceptKnown(answer: Buffer, known: ReadonlyMap<string, string>): Buffer {
  const parsed = JSON.parse(answer.toString('utf8')) as RpcMessage | RpcMessage[];
  const accept = (reply: RpcMessage): RpcMessage => {
    const hash = known.get(JSON.stringify(reply.id ?? null));
    return hash === undefined || reply.error === undefined ? reply : { jsonrpc: '2.0', id: reply.id, result: hash };
  };
  return Buffer.from(JSON.stringify(Array.isArray(parsed) ? parsed.map(accept) : accept(parsed)));
}
