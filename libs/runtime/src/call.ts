import type { CallOptions } from './port.js';
import { RuntimeError } from './errors.js';

/** The signal of one call: ends when the caller aborts or the time is over. dockerode's own `timeout` is not reliable. */
export function callSignal(call: CallOptions | undefined, defaultTimeoutMs: number): AbortSignal {
  const timeout = AbortSignal.timeout(call?.timeoutMs ?? defaultTimeoutMs);
  return call?.signal === undefined ? timeout : AbortSignal.any([call.signal, timeout]);
}

/** @throws RuntimeError `Timeout` when the call has already ended. */
export function throwIfEnded(signal: AbortSignal, what: string): void {
  if (signal.aborted) throw new RuntimeError('Timeout', `${what} was not finished in time, or the caller gave up. It may have happened all the same.`, { cause: signal.reason });
}

/** Waits, or throws `Timeout` as soon as the call ends. */
export async function pause(ms: number, signal: AbortSignal, what: string): Promise<void> {
  throwIfEnded(signal, what);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
  throwIfEnded(signal, what);
}

/** Runs `work` over all items, at most `limit` at a time; answers in order. */
export async function mapBounded<T, R>(items: readonly T[], limit: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
