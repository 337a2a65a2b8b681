import { CODES, RpcError } from '../errors.js';
import type { SubscriptionSink, Topic } from '../events/subscriptions.js';
import { formatLog } from '../format/log.js';
import { long, method, type CallContext, type Method } from '../method.js';
import { logCriteria, logFilterOf, logQuery } from '../params/log-query.js';
import { kindOf, optional, required, wrong, type Read } from '../params/parser.js';
import { flag } from '../params/values.js';

const id: Read<string> = (value, where) => {
  if (typeof value !== 'string') throw wrong(where, `must be an id in a string, is ${kindOf(value)}`);
  return value;
};

const anything: Read<unknown> = (value) => value;

function topicOf(kind: string, detail: unknown): Topic {
  if (kind === 'newHeads') return { kind };
  if (kind === 'logs') return { kind, criteria: logCriteria(detail ?? {}, 'argument 1 (filter)') };
  if (kind === 'newPendingTransactions') return { kind, whole: detail === undefined || detail === null ? false : flag(detail, 'argument 1 (whole)') };
  throw new RpcError(CODES.methodNotFound, `no "${kind.slice(0, 50)}" subscription in eth namespace: newHeads, logs and newPendingTransactions are`);
}

function sinkOf({ subscriptions }: CallContext): SubscriptionSink {
  if (subscriptions === null) throw new RpcError(CODES.methodNotFound, 'notifications not supported over HTTP: open a WebSocket, or poll a filter');
  return subscriptions;
}

/** Logs, the filters that clients poll, and the subscriptions of WebSocket connections. */
export const LOG_METHODS: readonly Method[] = [
  long(method('eth_getLogs', 'Logs by address and topics in a bounded range of blocks.', [required('filter', logQuery)], async ({ chain, limits }, query) =>
    (await chain.store.findLogs(logFilterOf(chain, query, limits))).map(formatLog),
  )),
  method('eth_newFilter', 'A filter for logs, kept by this node until it is not polled for a while.', [required('filter', logQuery)], ({ chain, filters }, query) => filters.addLogs(chain, query)),
  method('eth_newBlockFilter', 'A filter for new blocks.', [], ({ chain, filters }) => filters.addBlocks(chain)),
  method('eth_newPendingTransactionFilter', 'A filter for transactions that enter this node’s pool.', [], ({ chain, filters }) => filters.addPending(chain)),
  method('eth_getFilterChanges', 'What came since the last poll.', [required('id', id)], ({ chain, filters }, filterId) => filters.changes(chain, filterId)),
  long(method('eth_getFilterLogs', 'All logs that a filter matches.', [required('id', id)], ({ chain, filters }, filterId) => filters.logs(chain, filterId))),
  method('eth_uninstallFilter', 'Ends a filter.', [required('id', id)], ({ filters }, filterId) => filters.remove(filterId)),
  method('eth_subscribe', 'newHeads, logs or newPendingTransactions, over WebSocket. Nothing is ever removed again.',
    [required('kind', id), optional('detail', anything, undefined)], (context, kind, detail) => sinkOf(context).add(topicOf(kind, detail), context.chain)),
  method('eth_unsubscribe', 'Ends a subscription.', [required('id', id)], (context, subscription) => {
    if (!sinkOf(context).remove(subscription)) throw new RpcError(CODES.server, 'subscription not found');
    return true;
  }),
];
