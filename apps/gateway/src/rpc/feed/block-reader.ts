import { CODES, RpcError } from '../rpc-error.js';
import { matches, unionOfAddresses, type LogCriteria, type RpcLog } from './log-criteria.rules.js';
import type { NodeSocket } from './node-socket.js';

export type RpcHeader = Record<string, unknown>;

/** What `eth_getBlockByNumber` has beyond what `newHeads` tells. */
const BODY_FIELDS = new Set(['size', 'uncles', 'transactions']);
const NO_LOGS = /^0x0*$/;

const quantity = (height: number): string => `0x${height.toString(16)}`;

/** @throws Error where the node does not have the block. */
export async function readHeader(node: NodeSocket, height: number): Promise<RpcHeader> {
  const block = (await node.call('eth_getBlockByNumber', [quantity(height), false])) as RpcHeader | null;
  if (block === null) throw new Error(`the node has no block ${height}`);
  return Object.fromEntries(Object.entries(block).filter(([name]) => !BODY_FIELDS.has(name)));
}

export function mayHoldLogs(header: RpcHeader): boolean {
  return typeof header['logsBloom'] !== 'string' || !NO_LOGS.test(header['logsBloom']);
}

/**
 * Every log of these blocks that one of the criteria may want, in order. Halves the range where it holds more logs than a
 * query may answer, and reads a single such block by its receipts.
 */
export async function readLogs(node: NodeSocket, fromHeight: number, toHeight: number, all: readonly LogCriteria[]): Promise<RpcLog[]> {
  const address = unionOfAddresses(all);
  const query = { fromBlock: quantity(fromHeight), toBlock: quantity(toHeight), ...(address.length === 0 ? {} : { address }) };
  try {
    return (await node.call('eth_getLogs', [query])) as RpcLog[];
  } catch (error) {
    if (!(error instanceof RpcError) || error.code !== CODES.limitExceeded) throw error;
    if (fromHeight === toHeight) return readReceiptLogs(node, fromHeight, all);
    const middle = Math.floor((fromHeight + toHeight) / 2);
    return [...(await readLogs(node, fromHeight, middle, all)), ...(await readLogs(node, middle + 1, toHeight, all))];
  }
}

async function readReceiptLogs(node: NodeSocket, height: number, all: readonly LogCriteria[]): Promise<RpcLog[]> {
  const receipts = (await node.call('eth_getBlockReceipts', [quantity(height)])) as { logs: RpcLog[] }[] | null;
  if (receipts === null) throw new Error(`the node has no receipts of block ${height}`);
  return receipts.flatMap(({ logs }) => logs).filter((log) => all.some((criteria) => matches(criteria, log)));
}
