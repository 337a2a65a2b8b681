import { createServer } from 'node:net';

/**
 * Whether something listens on a port of an address of this machine. An address of another machine cannot be tried from
 * here: then the answer is no, and a clash shows when the node is started.
 */
export function portTaken(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const trial = createServer();
    trial.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE'));
    trial.listen({ port, host: address, exclusive: true }, () => trial.close(() => resolve(false)));
  });
}
