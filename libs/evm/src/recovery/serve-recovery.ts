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

export type RecoveryReport = { ready: true } | { ready: false; id: number; entries: Uint8Array };

/** Whether this thread was started to recover senders. */
export function isRecoveryThread(): boolean {
  return (workerData as Partial<RecoveryData> | null)?.role === 'steleRecovery';
}

/** A recovery thread: answers orders until it is ended. It holds no key, no store and no state. */
export function serveRecovery(): void {
  const port = parentPort;
  if (port === null || !isRecoveryThread()) throw new Error('this thread was not started to recover senders');
  const send = (report: RecoveryReport, buffers: ArrayBuffer[] = []): void => port.postMessage(report, buffers);
  port.on('message', ({ id, bytes, ends }: RecoveryOrder) => {
    const raws = Array.from(ends, (end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
    const entries = recoverAll(raws);
    send({ ready: false, id, entries }, [entries.buffer as ArrayBuffer]);
  });
  send({ ready: true });
}
