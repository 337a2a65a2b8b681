import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { decodeGenesis } from '#ledger';
import { EvmError } from '../errors.js';
import type { CancelSignal } from '../execute/breath.js';
import { LocalEngine } from '../execute/engine.js';
import { openTables } from '../store/tables.js';
import { buffersOf, packEffects, unpackTransactions } from './packing.js';
import { CANCELLED, IS_FIRST, SLOT_FLAGS, TRYING, type Answer, type Failure, type Order, type Report, type ThreadData } from './protocol.js';
import { ThreadView } from './thread-view.js';

/** An execution thread: to be called where the program finds itself not on its main thread. Serves until it is ended. */
export function serveExecution(): void {
  const data = workerData as ThreadData;
  if (parentPort === null || data.role !== 'steleExecution') throw new Error('this thread was not started to execute');
  const port: MessagePort = parentPort;
  const view = new ThreadView(openTables(data.folder, true), decodeGenesis(data.genesis));
  const service = new Service(view, new LocalEngine(view), new Int32Array(data.flags));
  const send = (report: Report, buffers: ArrayBuffer[] = []): void => port.postMessage(report, buffers);
  port.on('message', (order: Order) => {
    service.run(order).then(
      ({ answer, buffers }) => send({ ready: false, id: order.id, answer }, buffers),
      (error: unknown) => send({ ready: false, id: order.id, failure: failureOf(error) }),
    );
  });
  send({ ready: true });
}

class Service {
  constructor(
    private readonly view: ThreadView,
    private readonly engine: LocalEngine,
    private readonly flags: Int32Array,
  ) {}

  async run({ slot, job }: Order): Promise<{ answer: Answer; buffers?: ArrayBuffer[] }> {
    this.view.refresh();
    const { engine, flags } = this;
    const first = slot * SLOT_FLAGS;
    const signal: CancelSignal = {
      get aborted() {
        return Atomics.load(flags, first + CANCELLED) !== 0;
      },
    };
    switch (job.kind) {
      case 'execute': {
        const answer = packEffects(await engine.execute({ parent: job.parent, timeMs: job.timeMs, signal }, unpackTransactions(job.transactions)));
        return { answer, buffers: buffersOf(answer) };
      }
      case 'build': {
        const began = (index: number, isFirst: boolean): void => {
          Atomics.store(flags, first + TRYING, index);
          Atomics.store(flags, first + IS_FIRST, isFirst ? 1 : 0);
        };
        const built = await engine.build({ parent: job.parent, timeMs: job.timeMs, signal }, unpackTransactions(job.transactions), job.limits, began);
        const answer = { ...packEffects(built), taken: built.taken, skipped: built.skipped };
        return { answer, buffers: buffersOf(answer) };
      }
      case 'call': {
        const result = await engine.call(job.call);
        return { answer: { ...result, returnData: Uint8Array.from(result.returnData) } };
      }
      case 'estimate':
        return { answer: await engine.estimate(job.call) };
      case 'trace':
        return { answer: await engine.trace({ ...job.request, transactions: unpackTransactions(job.transactions) }) };
    }
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof EvmError) return { code: error.code, message: error.message, details: error.details };
  return { code: null, other: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
