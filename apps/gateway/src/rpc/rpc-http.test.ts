import { connect, type AddressInfo, type Socket } from 'node:net';
import { fastify, type FastifyInstance } from 'fastify';
import { registerRpc } from './rpc-http.js';

const MIB = 1024 * 1024;
/** More than the system's own buffers take of it. */
const ANSWER_BYTES = 16 * MIB;

describe('answers that nobody reads', () => {
  let server: FastifyInstance;
  let port: number;
  const lazy: Socket[] = [];
  beforeAll(async () => {
    server = fastify();
    const grant = async (chainId: string) => ({ chainId, tenantId: chainId, client: 'c', nodes: [], waitsFor: null, expiresAtMs: Infinity });
    const answer = async (_access: unknown, body: Buffer) => ({ status: 200, contentType: 'application/json', body: Buffer.alloc(body.includes('much') ? ANSWER_BYTES : 10, 0x20) });
    registerRpc(server, { grant }, { answer }, 3 * ANSWER_BYTES);
    await server.listen({ host: '127.0.0.1', port: 0 });
    port = (server.server.address() as AddressInfo).port;
  });
  afterAll(async () => {
    for (const socket of lazy) socket.destroy();
    await server.close();
  });

  const ask = async (tenant: string, body: string): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${port}/rpc/${tenant}`, { method: 'POST', body });
    await response.arrayBuffer();
    return response.status;
  };
  /** Asks for much, sees that the answer begins, and reads no more. */
  const askAndWait = async (tenant: string): Promise<void> => {
    const socket = connect(port, '127.0.0.1');
    lazy.push(socket);
    socket.write(`POST /rpc/${tenant} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 4\r\n\r\nmuch`);
    await new Promise((resolve) => socket.once('data', resolve));
    socket.pause();
  };

  it('are kept up to a bound for each tenant; small ones are always told', async () => {
    for (let i = 0; i < 3; i++) await askAndWait('a');
    expect([await ask('a', 'much'), await ask('a', 'little'), await ask('b', 'much')]).toEqual([429, 200, 200]);
    lazy[0]?.destroy();
    // The server notices that its connection has ended.
    let status = 429;
    for (let i = 0; i < 200 && status === 429; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      status = await ask('a', 'much');
    }
    expect(status).toBe(200);
    // One that was read is forgotten.
    expect([await ask('a', 'much'), await ask('a', 'much')]).toEqual([200, 200]);
  });
});
