import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { native } from '#ledger';

const LOOK_INTERVAL_MS = 10_000;
/** Less leaves nothing behind that is worth a collection. */
const WORTH_TRANSACTIONS = 1000;

/**
 * V8 collects the whole heap when it holds about half more than what was live after the last time. A node's live objects are some 20 MB
 * and its transactions live until their block, so that a busy node had a full collection in each thread every second: a fifth of
 * its CPU. At five times as much it has one every few seconds; V8 still collects earlier where the heap comes near its limit, and what an
 * idle node holds does not change. To be called once, before any thread starts: the flag is that of the process.
 */
export function collectSeldom(): void {
  setFlagsFromString('--heap-growing-percent=400');
}

/**
 * Nothing asks for a collection while nothing happens: after a busy time its garbage would stay for good. This one looks now and then, and
 * collects once when the chain has come to rest. Many nodes share a machine.
 * @param committed how many transactions this node has committed since it started.
 */
export function collectAtRest(committed: () => number, collect: () => void = collectNow): NodeJS.Timeout {
  let before = 0;
  let collectedAt = 0;
  return setInterval(() => {
    const now = committed();
    if (now === before && now - collectedAt >= WORTH_TRANSACTIONS) {
      collectedAt = now;
      collect();
    }
    before = now;
  }, LOOK_INTERVAL_MS).unref();
}

/** V8's own collector, which programs are given only where they ask for it by a flag; then what buffers and the store have freed. */
function collectNow(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  native?.trimMemory();
}
