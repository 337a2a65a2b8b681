import { createServer } from 'node:net';

/** A TCP port of 127.0.0.1 that is free now: `wanted` if it can be had, else one that the system picks. */
export async function freePort(wanted: number, fallback: 'refuse' | 'any'): Promise<number> {
  const listen = (port: number): Promise<number | undefined> =>
    new Promise((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(undefined));
      server.listen({ port, host: '127.0.0.1' }, () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
      });
    });
  const got = (await listen(wanted)) ?? (fallback === 'any' ? await listen(0) : undefined);
  if (got === undefined) throw new Error(`Port ${wanted} on 127.0.0.1 is taken. Set PORT to a free one, or stop what listens there.`);
  return got;
}
