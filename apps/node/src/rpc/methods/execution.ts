import type { CallRequest } from '#evm';
import { to0x } from '#ledger';
import type { ChainAccess } from '../backend.js';
import { revertError, serverError } from '../errors.js';
import { toQuantity } from '../format/quantity.js';
import { method, type Method } from '../method.js';
import { blockId, LATEST, stateHeightOf } from '../params/block-id.js';
import { call, overrides, type CallParam } from '../params/call.js';
import { optional, required } from '../params/parser.js';

function requestFor({ store }: ChainAccess, { request, chainId }: CallParam, stateOverrides: CallRequest['overrides']): CallRequest {
  const { evmChainId } = store.genesis;
  if (chainId !== undefined && chainId !== evmChainId) throw serverError(`chainId does not match node's (have=${chainId}, want=${evmChainId})`);
  return { ...request, overrides: stateOverrides };
}

/** Executions that leave nothing behind. */
export const EXECUTION_METHODS: readonly Method[] = [
  method('eth_call', 'Executes a call on the state after a block; takes Geth’s state overrides. Fees are ignored.',
    [required('transaction', call), optional('block', blockId, LATEST), optional('overrides', overrides, [])],
    async ({ chain }, transaction, block, stateOverrides) => {
      const result = await chain.executor.call(requestFor(chain, transaction, stateOverrides), stateHeightOf(chain, block));
      if (result.ok) return to0x(result.returnData);
      if (result.code === 'executionReverted') throw revertError(result.returnData);
      throw serverError(result.message);
    },
  ),
  method('eth_estimateGas', 'The gas limit that a transaction needs, at most 1.5 % too much.',
    [required('transaction', call), optional('block', blockId, LATEST), optional('overrides', overrides, [])],
    async ({ chain }, transaction, block, stateOverrides) =>
      toQuantity(await chain.executor.estimateGas(requestFor(chain, transaction, stateOverrides), stateHeightOf(chain, block))),
  ),
];
