/** The same code on both backends: what the provisioner relies on. */
import type { Job, Queue, Worker } from 'bullmq';
import { startTestRedis, startTestStores, type TestRedis, type TestStores } from '../../testing/index.js';
import { createQueue, createWorker, parseQueueConnection, type QueueConnection } from './queue.js';

let stores: TestStores;
let redis: TestRedis | undefined;
const open: (Queue | Worker)[] = [];

beforeAll(async () => {
  stores = await startTestStores();
  redis = await startTestRedis();
});
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
afterAll(async () => {
  await stores?.stop();
  await redis?.stop();
});

async function until(condition: () => boolean, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('It did not happen in time.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe.each(['postgres', 'redis'] as const)('on %s', (kind) => {
  let number = 0;
  const connection = (): QueueConnection | undefined => (kind === 'postgres' ? stores.queue : redis && { kind: 'redis', url: redis.url });
  const queueOf = (to: QueueConnection, name: string) => {
    const queue = createQueue<{ chainId: string }>(to, name);
    queue.on('error', () => undefined);
    open.push(queue as Queue);
    return queue;
  };
  const workerOf = (to: QueueConnection, name: string, work: (job: Job<{ chainId: string }>) => Promise<void>) => {
    const worker = createWorker<{ chainId: string }>(to, name, work);
    worker.on('error', () => undefined);
    open.push(worker as Worker);
    return worker;
  };
  const tryOn = (title: string, work: (to: QueueConnection, name: string) => Promise<void>) =>
    test(title, async () => {
      const to = connection();
      if (to !== undefined) await work(to, `test-${kind}-${number++}`);
    }, 30_000);

  tryOn('a bell is rung once while it waits, and can be rung again when it is done', async (to, name) => {
    const queue = queueOf(to, name);
    for (let i = 0; i < 3; i++) await queue.add('look', { chainId: 'chn_1' }, { jobId: 'chn_1' });
    await queue.add('look', { chainId: 'chn_2' }, { jobId: 'chn_2' });
    const seen: string[] = [];
    workerOf(to, name, async (job) => void seen.push(job.data.chainId));
    await until(() => seen.length >= 2);
    await until(() => seen.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([...seen].sort()).toEqual(['chn_1', 'chn_2']);
    await queue.add('look', { chainId: 'chn_1' }, { jobId: 'chn_1' });
    await until(() => seen.length === 3);
  });

  tryOn('a job that fails is tried again', async (to, name) => {
    let attempts = 0;
    workerOf(to, name, async () => {
      attempts += 1;
      if (attempts === 1) throw new Error('the first attempt fails');
    });
    await queueOf(to, name).add('look', { chainId: 'chn_1' });
    await until(() => attempts === 2);
  });

  tryOn('the job of a worker that died is run by another', async (to, name) => {
    let begun = false;
    const dying = workerOf(to, name, () => ((begun = true), new Promise(() => undefined)));
    await queueOf(to, name).add('look', { chainId: 'chn_1' });
    await until(() => begun);
    open.splice(open.indexOf(dying as Worker), 1);
    await dying.close(true);
    let done = false;
    workerOf(to, name, async () => void (done = true));
    await until(() => done);
  });
});

test('the queue’s role sees nothing but the queue', async () => {
  if (stores.queue.kind !== 'postgres') throw new Error('expected the PostgreSQL backend');
  const { Client } = await import('pg');
  const client = new Client({ connectionString: stores.queue.connectionString });
  await client.connect();
  await expect(client.query('select * from public.chains')).rejects.toThrow(/permission denied/);
  await client.end();
});

test('a queue connection travels as JSON', () => {
  expect(parseQueueConnection('{"kind":"redis","url":"redis://x"}')).toEqual({ kind: 'redis', url: 'redis://x' });
  expect(() => parseQueueConnection(undefined)).toThrow(/STELE_QUEUE/);
  expect(() => parseQueueConnection('{"kind":"redis"}')).toThrow(/STELE_QUEUE/);
});
