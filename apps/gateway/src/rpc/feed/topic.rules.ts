import { CODES, invalidParams, RpcError } from '../rpc-error.js';
import { readCriteria, type LogCriteria } from './log-criteria.rules.js';

/** What one subscription is about. */
export type Topic = { kind: 'newHeads' } | { kind: 'logs'; criteria: LogCriteria } | { kind: 'newPendingTransactions'; whole: boolean };

/** The parameters of `eth_subscribe`. @throws RpcError as a node's. */
export function topicOf(params: unknown): Topic {
  const [kind, detail] = Array.isArray(params) ? (params as unknown[]) : [];
  if (typeof kind !== 'string') throw invalidParams('missing value for required argument 0 (kind)');
  if (kind === 'newHeads') return { kind };
  if (kind === 'logs') return { kind, criteria: readCriteria(detail, 'argument 1 (filter)') };
  if (kind !== 'newPendingTransactions') {
    throw new RpcError(CODES.methodNotFound, `no "${kind.slice(0, 50)}" subscription in eth namespace: newHeads, logs and newPendingTransactions are`);
  }
  if (detail !== undefined && detail !== null && typeof detail !== 'boolean') throw invalidParams('invalid argument 1 (whole): must be true or false');
  return { kind, whole: detail === true };
}
