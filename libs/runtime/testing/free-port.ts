import { createServer } from 'node:net';

/** A port at `host` that is free now. */
export function freePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const trial = createServer();
    trial.once('error', reject);
    trial.listen(0, host, () => {
      const address = trial.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      trial.close(() => resolve(port));
    });
  });
}
