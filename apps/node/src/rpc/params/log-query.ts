import type { LogFilter } from '#evm';
import type { Bytes } from '#ledger';
import type { ChainAccess } from '../backend.js';
import { invalidParams, serverError } from '../errors.js';
import type { RpcLimits } from '../limits.js';
import { beganLater, blockNumber, heightOf, LATEST, type BlockId } from './block-id.js';
import { field, fieldsOf, listOf, wrong, type Read } from './parser.js';
import { address, hash } from './values.js';

/** Which logs, without where: also what a subscription takes. */
export interface LogCriteria {
  addresses: readonly Bytes[];
  topics: readonly (readonly Bytes[] | null)[];
}

export interface LogQuery extends LogCriteria {
  range: { kind: 'block'; hash: Bytes } | { kind: 'span'; from: BlockId; to: BlockId };
}

const MAX_ADDRESSES = 1000;
const MAX_TOPIC_CHOICES = 1000;
const MAX_TOPICS = 4;

const oneOrMany = (read: Read<Bytes>, maxItems: number): Read<Bytes[]> => (value, where) =>
  Array.isArray(value) ? listOf(read, maxItems)(value, where) : [read(value, where)];

/** Null matches anything; so does an empty list, and null among the choices. */
const topic: Read<readonly Bytes[] | null> = (value, where) => {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value) && value.some((choice) => choice === null)) return null;
  const choices = oneOrMany(hash, MAX_TOPIC_CHOICES)(value, where);
  return choices.length === 0 ? null : choices;
};

export const logCriteria: Read<LogCriteria> = (value, where) => {
  const fields = fieldsOf(value, where);
  return {
    addresses: field(fields, 'address', where, oneOrMany(address, MAX_ADDRESSES)) ?? [],
    topics: field(fields, 'topics', where, listOf(topic, MAX_TOPICS)) ?? [],
  };
};

/** The filter object of `eth_getLogs` and `eth_newFilter`. */
export const logQuery: Read<LogQuery> = (value, where) => {
  const fields = fieldsOf(value, where);
  const from = field(fields, 'fromBlock', where, blockNumber);
  const to = field(fields, 'toBlock', where, blockNumber);
  const block = field(fields, 'blockHash', where, hash);
  if (block !== undefined && (from !== undefined || to !== undefined)) {
    throw wrong(where, 'cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other');
  }
  const range: LogQuery['range'] = block === undefined ? { kind: 'span', from: from ?? LATEST, to: to ?? LATEST } : { kind: 'block', hash: block };
  return { ...logCriteria(value, where), range };
};

/**
 * The heights to search, bounded.
 * @throws RpcError where the block is not known, the range runs backwards or spans too many blocks.
 */
export function logFilterOf(chain: ChainAccess, query: LogQuery, limits: Pick<RpcLimits, 'logRangeBlocks' | 'openLogRangeBlocks' | 'logs'>): LogFilter {
  const { addresses, topics, range } = query;
  const rest = { addresses, topics, limit: limits.logs };
  if (range.kind === 'block') {
    const height = heightOf(chain, { kind: 'hash', hash: range.hash });
    if (height === null) throw serverError('unknown block');
    return { ...rest, fromHeight: height, toHeight: height };
  }
  const head = chain.store.head().height;
  const fromHeight = spanEnd(range.from, head);
  const wanted = spanEnd(range.to, head);
  if (chain.store.base > 0n && fromHeight <= chain.store.base) throw beganLater(chain.store);
  if (fromHeight > wanted) throw invalidParams(`invalid block range params: fromBlock ${fromHeight} is above toBlock ${wanted}`);
  const toHeight = wanted > head ? head : wanted;
  const blocks = toHeight - fromHeight + 1n;
  const isOpen = addresses.length === 0 && topics.every((choices) => choices === null);
  const mostBlocks = isOpen ? limits.openLogRangeBlocks : limits.logRangeBlocks;
  if (blocks > BigInt(mostBlocks)) {
    throw invalidParams(`exceed maximum block range: ${blocks} blocks asked for, at most ${mostBlocks} in one query${isOpen ? ' without address and topics' : ''}`);
  }
  return { ...rest, fromHeight, toHeight };
}

/** Of a span, a height above the head is allowed: there is nothing there yet. */
function spanEnd(id: BlockId, head: bigint): bigint {
  return id.kind === 'height' ? id.height : head;
}
