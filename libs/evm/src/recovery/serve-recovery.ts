import { parentPort, workerData } from 'node:worker_threads';
import { recoverAll } from './recover-all.js';

export interface RecoveryData {
  role: 'steleRecovery';
}

/** Transactions one after another, and where each ends. */
export interface RecoveryOrder {
  id: number;
  bytes: Uint8Array;
  ends: Uint32Array;
}

export interface RecoveryReport {
  id: number;
  entries: Uint8Array;
}

/** Whether this thread was started to recover senders. */
export function isRecoveryThread(): boolean {
  return (workerData as Partial<RecoveryData> | null)?.role === 'steleRecovery';
}

/** A recovery thread: answers orders until it is ended. It holds no key, no store and no state. */
export function serveRecovery(): void {
  const port = parentPort;
  if (port === null || !isRecoveryThread()) throw new Error('this thread was not started to recover senders');
  port.on('message', ({ id, bytes, ends }: RecoveryOrder) => {
    const raws = Array.from(ends, (end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
    const entries = recoverAll(raws);
    const report: RecoveryReport = { id, entries };
    port.postMessage(report, [entries.buffer as ArrayBuffer]);
  });
}
