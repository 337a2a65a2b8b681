/**
 * The queue: BullMQ, on Redis or on PostgreSQL with the same code. It is only a doorbell: a job says "look at chain X", and
 * losing all of it costs the delay of one resync.
 */
import { createPostgresBackend, createRedisBackend, Queue, setDefaultBackendFactory, Worker, type ConnectionOptions, type Processor, type QueueOptions, type WorkerOptions } from 'bullmq';

/** Travels as JSON in `STELE_QUEUE`. The PostgreSQL one connects as `stele_queue`, which sees nothing but the queue. */
export type QueueConnection = { kind: 'redis'; url: string } | { kind: 'postgres'; connectionString: string };

export const QUEUE_SCHEMA = 'queue';
/** Bells about chains; the job is named after the chain. */
export const CHAIN_QUEUE = 'chains';

export function parseQueueConnection(text: string | undefined): QueueConnection {
  const parsed: unknown = JSON.parse(text ?? 'null');
  const { kind, url, connectionString } = (parsed ?? {}) as Record<string, unknown>;
  if (kind === 'redis' && typeof url === 'string') return { kind, url };
  if (kind === 'postgres' && typeof connectionString === 'string') return { kind, connectionString };
  throw new Error('STELE_QUEUE must be {"kind":"redis","url":…} or {"kind":"postgres","connectionString":…}.');
}

/** What BullMQ (and Nest's BullModule) takes as `connection`. */
export function bullConnection(connection: QueueConnection): ConnectionOptions {
  if (connection.kind === 'redis') return { url: connection.url, maxRetriesPerRequest: null };
  // BullMQ types the option by its default backend, Redis; the backend chosen in `configureQueue` takes this one.
  const options: object = { connectionString: connection.connectionString, schema: QUEUE_SCHEMA, max: 10, skipMigrations: true };
  return options as ConnectionOptions;
}

/** Process-wide, before any queue, worker or Nest module is made. */
export function configureQueue(connection: QueueConnection): ConnectionOptions {
  if (connection.kind === 'postgres') setDefaultBackendFactory(createPostgresBackend);
  else setDefaultBackendFactory(createRedisBackend);
  return bullConnection(connection);
}

/** Finished jobs are forgotten, so that a job id (one bell per chain) can be rung again. */
const JOB_DEFAULTS = { removeOnComplete: true, removeOnFail: true, attempts: 3, backoff: { type: 'exponential' as const, delay: 1_000 } };

export function createQueue<Data>(connection: QueueConnection, name: string, options: Partial<QueueOptions> = {}): Queue<Data> {
  const bull = configureQueue(connection);
  return new Queue<Data>(name, { defaultJobOptions: JOB_DEFAULTS, ...options, connection: bull } as QueueOptions) as Queue<Data>;
}

/** A killed worker's job runs again after about `lockDuration` + `stalledInterval`. */
export function createWorker<Data>(connection: QueueConnection, name: string, processor: Processor<Data>, options: Partial<WorkerOptions> = {}): Worker<Data> {
  const bull = configureQueue(connection);
  return new Worker<Data>(name, processor, { lockDuration: 3_000, stalledInterval: 2_000, maxStalledCount: 1_000, ...options, connection: bull } as WorkerOptions) as Worker<Data>;
}
