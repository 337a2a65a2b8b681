import { matches, readCriteria, type LogCriteria, type RpcLog } from '../feed/log-criteria.rules.js';
import { CODES, RpcError, serverError } from '../rpc-error.js';

/** Calls a node of the chain, the client's own where it lives. */
export interface NodeCall {
  (method: string, params: unknown[]): Promise<unknown>;
  /** As above, and the height that the answering node had before: a node cuts a range off at its own head and does not say so. */
  atHeight(method: string, params: unknown[]): Promise<{ result: unknown; height: number }>;
}

/** Within every node's bound for a query without address or topics. */
const MAX_RANGE_BLOCKS = 5_000;
/** Logs of one poll; what is beyond comes with the next. */
const MAX_LOGS = 10_000;
/** The same in characters of data, but for the last block's. */
const MAX_DATA = 8 * 1024 * 1024;

const quantity = (height: number): string => `0x${height.toString(16)}`;

export async function heightOf(call: NodeCall): Promise<number> {
  return Number(BigInt((await call('eth_blockNumber', [])) as string));
}

async function readReceiptLogs(call: NodeCall, height: number, criteria: LogCriteria): Promise<RpcLog[]> {
  const receipts = (await call('eth_getBlockReceipts', [quantity(height)])) as { logs: RpcLog[] }[] | null;
  if (receipts === null) throw serverError('the node that answered does not have this block: poll again');
  return receipts.flatMap(({ logs }) => logs).filter((log) => matches(criteria, log));
}

/** A span of a filter's own, where it names heights; tags mean "as the chain grows". */
function bound(value: unknown, otherwise: number): number {
  return typeof value === 'string' && value.startsWith('0x') ? Number(BigInt(value)) : otherwise;
}

/**
 * The filter's logs from `fromHeight` to `head`, or the first of them, and the height from which the next poll goes on. A block that
 * holds more than a query may answer is read by its receipts.
 */
export async function readNewLogs(call: NodeCall, query: Record<string, unknown>, fromHeight: number, head: number): Promise<{ logs: unknown[]; nextHeight: number }> {
  const first = query['fromBlock'] === 'earliest' ? 0 : bound(query['fromBlock'], 0);
  const last = query['toBlock'] === 'earliest' ? 0 : bound(query['toBlock'], head);
  const end = Math.min(last, head);
  const logs: unknown[] = [];
  let dataLength = 0;
  const take = (found: readonly RpcLog[]): void => {
    // One by one: a block may hold more than a call takes arguments.
    for (const log of found) {
      logs.push(log);
      dataLength += log.data?.length ?? 0;
    }
  };
  let next = Math.max(fromHeight, first);
  let span = MAX_RANGE_BLOCKS;
  while (next <= end && logs.length < MAX_LOGS && dataLength < MAX_DATA) {
    const to = Math.min(end, next + span - 1);
    try {
      const part = { address: query['address'], topics: query['topics'], fromBlock: quantity(next), toBlock: quantity(to) };
      const { result, height } = await call.atHeight('eth_getLogs', [part]);
      take(result as RpcLog[]);
      next = Math.max(next, Math.min(to, height) + 1);
      // Another node answers now, which is behind the one that told the head: the rest comes with a later poll.
      if (height < to) return { logs, nextHeight: next };
    } catch (error) {
      if (!(error instanceof RpcError) || error.code !== CODES.limitExceeded) throw error;
      if (to > next) {
        span = Math.max(1, Math.floor((to - next + 1) / 2));
        continue;
      }
      take(await readReceiptLogs(call, next, readCriteria(query, 'filter')));
      next += 1;
    }
  }
  return { logs, nextHeight: next <= end ? next : head + 1 };
}
