import type { Queue, Worker } from 'bullmq';
import type { Logger } from 'pino';
import { CHAIN_QUEUE, createQueue, createWorker, type QueueConnection } from '#persistence';
import type { Reconciler } from '../chains/reconciler.js';

interface Bell {
  chainId: string;
}

const CONCURRENCY = 8;
/** Somebody else holds the chain: it may have looked before the change that rang this bell, so ring again soon. */
const BUSY_MS = 150;

/** The doorbell: a job says "look at chain X". Losing all jobs costs the delay of one resync. */
export class ChainBell {
  private readonly queue: Queue<Bell>;
  private worker: Worker<Bell> | undefined;

  constructor(
    private readonly connection: QueueConnection,
    private readonly reconciler: Reconciler,
    private readonly logger: Logger,
  ) {
    this.queue = createQueue<Bell>(connection, CHAIN_QUEUE);
    this.queue.on('error', (error) => this.logger.warn({ err: error }, 'the queue does not answer'));
  }

  /** Never with a job id of its own: a repeated id would be ignored while the first job lives, and the change be missed. */
  async ring(chainId: string, delayMs = 0): Promise<void> {
    await this.queue.add(chainId, { chainId }, delayMs > 0 ? { delay: delayMs } : {});
  }

  start(): void {
    this.worker = createWorker<Bell>(this.connection, CHAIN_QUEUE, async (job) => this.answer(job.data.chainId), { concurrency: CONCURRENCY });
    this.worker.on('error', (error) => this.logger.warn({ err: error }, 'the queue does not answer'));
    this.worker.on('failed', (job, error) => this.logger.error({ chain: job?.data.chainId, err: error }, 'a reconcile failed'));
  }

  private async answer(chainId: string): Promise<void> {
    const outcome = await this.reconciler.reconcile(chainId);
    if (outcome.kind === 'busy') await this.ring(chainId, BUSY_MS);
    if (outcome.kind === 'again') await this.ring(chainId, outcome.afterMs);
  }

  async stop(): Promise<void> {
    await this.worker?.close();
    await this.queue.close();
  }
}
