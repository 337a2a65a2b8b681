import { WebSocket } from 'ws';
import { Pool } from 'undici';
import { delay } from './usage.js';
import { Signer, type Signed } from './workload.js';

export interface LoadOptions {
  /** JSON-RPC of each node; the load is spread over them. */
  rpcUrls: readonly string[];
  chainId: bigint;
  payloadBytes: number;
  /** Sent and not yet seen in a block, over all nodes. */
  inFlight: number;
  /** Transactions a second, spread evenly; undefined: as fast as the chain takes them. */
  rate?: number;
  durationMs: number;
  /** Distinguishes the accounts of several runs on one chain. */
  name: string;
  /** What each transaction is; `Records.put` of the payload without it. */
  make?: ((signer: Signer) => Signed) | undefined;
  /** Accounts to use, CLIENTS_PER_NODE × ACCOUNTS_PER_CLIENT for each node; new ones without it. */
  signers?: readonly Signer[] | undefined;
}

export interface LoadResult {
  sent: number;
  refused: number;
  /** First refusal, for the reader. */
  refusal: string | undefined;
  /** From sending to the block's announcement at the first node, of all that were committed during the run. */
  latenciesMs: number[];
  /** When each of them was announced, on the clock of `performance.now()`. */
  announcedAtMs: number[];
}

const BATCH = 25;
export const CLIENTS_PER_NODE = 16;
export const ACCOUNTS_PER_CLIENT = 8;

/** What one client has signed beforehand, so that signing costs nothing while it is measured. */
export interface PreparedLoad {
  options: LoadOptions;
  batches: Signed[][][];
}

/** Signs enough for a run: `count` transactions in all. */
export function prepare(options: LoadOptions, count: number): PreparedLoad {
  const clients = options.rpcUrls.length * CLIENTS_PER_NODE;
  const batches = Array.from({ length: clients }, (_, client) => {
    const signers = Array.from({ length: ACCOUNTS_PER_CLIENT }, (_, i) => options.signers?.[client * ACCOUNTS_PER_CLIENT + i] ?? new Signer(`${options.name}/${client}/${i}`, options.chainId));
    const make = options.make ?? ((signer: Signer) => signer.put(options.payloadBytes));
    return Array.from({ length: Math.ceil(count / clients / BATCH) }, () => Array.from({ length: BATCH }, (_, i) => make(signers[i % ACCOUNTS_PER_CLIENT] as Signer)));
  });
  return { options, batches };
}

/** Runs a load in a closed loop, or at a rate: resolves when its time is over. */
export async function runLoad({ options, batches }: PreparedLoad): Promise<LoadResult> {
  const pools = options.rpcUrls.map((url) => new Pool(url, { connections: CLIENTS_PER_NODE, pipelining: 1 }));
  const sentAt = new Map<string, number>();
  const result: LoadResult = { sent: 0, refused: 0, refusal: undefined, latenciesMs: [], announcedAtMs: [] };
  const watcher = await watchBlocks(options.rpcUrls[0] as string, (hashes, atMs) => {
    for (const hash of hashes) {
      const sent = sentAt.get(hash);
      if (sent === undefined) continue;
      sentAt.delete(hash);
      result.latenciesMs.push(atMs - sent);
      result.announcedAtMs.push(atMs);
    }
  });
  const beganMs = performance.now();
  const endMs = beganMs + options.durationMs;
  let due = 0;
  const client = async (number: number): Promise<void> => {
    const pool = pools[number % pools.length] as Pool;
    for (const batch of batches[number] ?? []) {
      // At a rate, batches leave at their times; else as soon as the chain has caught up with what is on its way.
      if (options.rate !== undefined) {
        const dueMs = beganMs + (due / options.rate) * 1000;
        due += batch.length;
        await delay(Math.max(0, dueMs - performance.now()));
      }
      while (sentAt.size >= options.inFlight && performance.now() < endMs) await delay(2);
      if (performance.now() >= endMs) return;
      result.sent += batch.length;
      const nowMs = performance.now();
      for (const { hash } of batch) sentAt.set(hash, nowMs);
      for (const { hash, error } of await send(pool, batch)) {
        if (error === undefined) continue;
        sentAt.delete(hash);
        result.refused += 1;
        result.refusal ??= error;
      }
    }
  };
  await Promise.all(batches.map((_, number) => client(number)));
  watcher.close();
  await Promise.all(pools.map((pool) => pool.close()));
  return result;
}

async function send(pool: Pool, batch: readonly Signed[]): Promise<{ hash: string; error: string | undefined }[]> {
  const body = `[${batch.map(({ raw }, id) => `{"jsonrpc":"2.0","id":${id},"method":"eth_sendRawTransaction","params":["${raw}"]}`).join(',')}]`;
  const { body: answer } = await pool.request({ method: 'POST', path: '/', headers: { 'content-type': 'application/json' }, body });
  const answers = (await answer.json()) as { id: number; error?: { message: string } }[];
  return answers.map(({ id, error }) => ({ hash: (batch[id] as Signed).hash, error: error?.message }));
}

/** Calls back with the transactions of each new block, at the time of its announcement. */
async function watchBlocks(rpcUrl: string, onBlock: (hashes: readonly string[], atMs: number) => void): Promise<{ close(): void }> {
  const socket = new WebSocket(rpcUrl.replace('http', 'ws'));
  const announcedAt = new Map<number, number>();
  let id = 1;
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => socket.send(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'eth_subscribe', params: ['newHeads'] })));
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { id?: number; result?: { transactions?: string[] }; params?: { result: { number: string } } };
      if (message.params !== undefined) {
        announcedAt.set(++id, performance.now());
        socket.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'eth_getBlockByNumber', params: [message.params.result.number, false] }));
      } else if (message.id === 0) resolve();
      else if (message.id !== undefined) onBlock(message.result?.transactions ?? [], announcedAt.get(message.id) ?? performance.now());
    });
  });
  return { close: () => socket.close() };
}
