import { setFlagsFromString } from 'node:v8';

/**
 * V8 collects the whole heap when it holds about half more than what was live after the last time. A node's live objects are some 20 MB
 * and its transactions live until their block, so that a busy node had a full collection in each thread every second: a fifth of
 * its CPU. At five times as much it has one every few seconds; V8 still collects earlier where the heap comes near its limit, and what an
 * idle node holds does not change. To be called once, before any thread starts: the flag is that of the process.
 */
export function collectSeldom(): void {
  setFlagsFromString('--heap-growing-percent=400');
}
