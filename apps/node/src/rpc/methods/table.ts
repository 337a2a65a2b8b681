import type { Method } from '../method.js';
import { BLOCK_METHODS } from './blocks.js';
import { DEBUG_METHODS } from './debug.js';
import { EXECUTION_METHODS } from './execution.js';
import { FEE_METHODS } from './fees.js';
import { LOG_METHODS } from './logs.js';
import { NETWORK_METHODS } from './network.js';
import { REFUSED_METHODS } from './refused.js';
import { STATE_METHODS } from './state.js';
import { STELE_METHODS } from './stele.js';
import { TRANSACTION_METHODS } from './transactions.js';

const ALL = [
  NETWORK_METHODS, BLOCK_METHODS, STATE_METHODS, EXECUTION_METHODS, FEE_METHODS, TRANSACTION_METHODS, LOG_METHODS, DEBUG_METHODS, STELE_METHODS, REFUSED_METHODS,
].flat();

/** Every method that the server knows, by name. */
export const METHODS: ReadonlyMap<string, Method> = tableOf(ALL);

function tableOf(methods: readonly Method[]): Map<string, Method> {
  const table = new Map(methods.map((method) => [method.name, method]));
  if (table.size !== methods.length) throw new Error('a method stands in the table twice');
  return table;
}
