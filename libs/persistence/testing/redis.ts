import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { Redis } from 'ioredis';

export interface TestRedis {
  url: string;
  stop(): Promise<void>;
}

/**
 * A Redis of its own on a free port. Where `redis-server` is not installed: undefined with a message, or in CI an error, as
 * no test may be skipped there.
 */
export async function startTestRedis(): Promise<TestRedis | undefined> {
  const port = await freePort();
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'], { stdio: 'ignore' });
  const started = await new Promise<boolean>((resolve) => child.once('spawn', () => resolve(true)).once('error', () => resolve(false)));
  if (!started) {
    const message = 'redis-server is not installed, so the queue is not tried on Redis. Install it: apt-get install redis-server';
    if (process.env['CI'] === 'true') throw new Error(message);
    console.warn(`SKIPPED: ${message}`);
    return undefined;
  }
  const url = `redis://127.0.0.1:${port}`;
  const probe = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: 200 });
  probe.on('error', () => undefined);
  await probe.ping();
  probe.disconnect();
  return { url, stop: () => new Promise((resolve) => (child.once('exit', () => resolve()), child.kill('SIGTERM'))) };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('There is no free port.'))));
    });
  });
}
