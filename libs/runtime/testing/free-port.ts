import { createServer } from 'node:net';

/** Below the range from which the system takes ports of outgoing connections; each process of a test run begins elsewhere. */
const FIRST = 26_000;
const COUNT = 6000;
let next = (process.pid * 61) % COUNT;

/** A TCP port that is free now, and that no other test of this run is likely to take before its use. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < COUNT; tries++) {
    const port = FIRST + next;
    next = (next + 1) % COUNT;
    if (await isFree(host, port)) return port;
  }
  throw new Error(`no free port between ${FIRST} and ${FIRST + COUNT}`);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const trial = createServer();
    trial.once('error', () => resolve(false));
    trial.listen(port, host, () => trial.close(() => resolve(true)));
  });
}
