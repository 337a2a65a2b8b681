import { WebSocket } from 'ws';
import type { SteleClient } from '#sdk';

export interface Refusal {
  route: string;
  status: number;
  /** The problem's stable code. */
  code: string;
}

interface OpenApi {
  paths: Record<string, Record<string, unknown>>;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** Bodies that pass the wire schema: a refusal of the body's form would hide whether the chain shows. */
const BODIES: Record<string, unknown> = {
  'post /v1/chains/{id}/contracts': { bytecode: '0x00', abi: [] },
  'post /v1/chains/{id}/contracts/{contractId}/deployment': { signedTransaction: '0x02' },
  'post /v1/chains/{id}/contract-verifications': { address: `0x${'a'.repeat(40)}`, source: { sources: { 'A.sol': { content: 'contract A {}' } } } },
  'post /v1/chains/{id}/genesis/signatures': { account: `0x${'a'.repeat(40)}`, signature: `0x${'1'.repeat(130)}` },
};

/** Calls every route of the OpenAPI document below these prefixes with the id, and answers what came back. */
export async function callEveryRoute(client: SteleClient, url: string, ids: Readonly<Record<string, string>>): Promise<Refusal[]> {
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi;
  const answers: Refusal[] = [];
  for (const [path, operations] of Object.entries(paths)) {
    const prefix = Object.keys(ids).find((one) => path.startsWith(`${one}/{`));
    if (prefix === undefined) continue;
    for (const method of METHODS.filter((one) => operations[one] !== undefined)) {
      const body = BODIES[`${method} ${path}`];
      const response = await fetch(url + path.replace(/\{[^}]+\}/, String(ids[prefix])), {
        method: method.toUpperCase(),
        headers: { ...client.authorization(), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      answers.push({ route: `${method} ${path}`, status: response.status, code: await codeOf(response) });
    }
  }
  return answers;
}

async function codeOf(response: Response): Promise<string> {
  return String(((await response.json().catch(() => ({}))) as { code?: unknown }).code);
}

/** JSON-RPC over HTTP, as the gateway answers it. */
export async function callRpc(client: SteleClient, chainId: string): Promise<Refusal> {
  const response = await fetch(client.rpcUrl(chainId), {
    method: 'POST',
    headers: { ...client.authorization(), 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_blockNumber', params: [] }),
  });
  return { route: 'post /rpc', status: response.status, code: await codeOf(response) };
}

/** The HTTP answer to a WebSocket handshake: 101 where it is taken. */
export function openRpcSocket(client: SteleClient, chainId: string): Promise<Refusal> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(client.rpcUrl(chainId).replace(/^http/, 'ws'), { headers: client.authorization() });
    socket.once('open', () => {
      socket.close();
      resolve({ route: 'websocket /rpc', status: 101, code: '' });
    });
    socket.once('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      response.on('end', () => resolve({ route: 'websocket /rpc', status: response.statusCode ?? 0, code: String((JSON.parse(text) as { code?: unknown }).code) }));
    });
    socket.once('error', reject);
  });
}
