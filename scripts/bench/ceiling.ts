import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { native } from '#ledger';
import { decodeTransaction, recoverTransactionSender } from '#evm';
import { Signer } from './workload.js';

const DURATION_MS = 3000;

/** Sender recoveries a second on all cores together, each as a node does it: decoded, hashed, recovered. */
export async function recoveriesPerSecond(): Promise<number> {
  const counts = await Promise.all(Array.from({ length: availableParallelism() }, () => new Promise<number>((resolve, reject) => {
    const worker = new Worker(__filename);
    worker.once('message', resolve);
    worker.once('error', reject);
  })));
  return counts.reduce((sum, count) => sum + count, 0);
}

export function recoveryKind(): string {
  return native === null ? "npm's secp256k1" : 'native routines with libsecp256k1';
}

function measure(): number {
  const signer = new Signer('ceiling', 1n);
  const raws = Array.from({ length: 64 }, () => Buffer.from(signer.put(256).raw.slice(2), 'hex'));
  const once = (): void => {
    for (const raw of raws) {
      decodeTransaction(raw);
      if (recoverTransactionSender(raw) === null) throw new Error('a signature that was made here does not recover');
    }
  };
  for (let i = 0; i < 20; i++) once();
  const beganMs = performance.now();
  let count = 0;
  while (performance.now() - beganMs < DURATION_MS) {
    once();
    count += raws.length;
  }
  return (count / (performance.now() - beganMs)) * 1000;
}

if (!isMainThread) parentPort?.postMessage(measure());
