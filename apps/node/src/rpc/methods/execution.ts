import type { CallRequest } from '#evm';
import { to0x, type Bytes } from '#ledger';
import type { ChainAccess } from '../backend.js';
import { revertError, serverError } from '../errors.js';
import { toQuantity } from '../format/quantity.js';
import { long, method, type Method } from '../method.js';
import { blockId, LATEST, stateHeightOf } from '../params/block-id.js';
import { call, overrides, type CallParam } from '../params/call.js';
import { optional, required } from '../params/parser.js';

const NOTHING: Bytes = new Uint8Array(0);

function requestFor({ store }: ChainAccess, { request, chainId }: CallParam, stateOverrides: CallRequest['overrides']): CallRequest {
  const { evmChainId } = store.genesis;
  if (chainId !== undefined && chainId !== evmChainId) throw serverError(`chainId does not match node's (have=${chainId}, want=${evmChainId})`);
  return { ...request, overrides: stateOverrides };
}

/** What every validator would refuse has no gas limit that suffices: the sender hears it before it signs. Where nobody is named, nobody is asked about. */
function checkAccess({ store }: ChainAccess, { from, to = null, data = NOTHING }: CallRequest): void {
  if (from !== undefined) store.checkAccess({ sender: from, to, data });
}

/** Executions that leave nothing behind. */
export const EXECUTION_METHODS: readonly Method[] = [
  long(method('eth_call', 'Executes a call on the state after a block; takes Geth’s state overrides. Fees are ignored.',
    [required('transaction', call), optional('block', blockId, LATEST), optional('overrides', overrides, [])],
    async ({ chain }, transaction, block, stateOverrides) => {
      const result = await chain.executor.call(requestFor(chain, transaction, stateOverrides), stateHeightOf(chain, block));
      if (result.ok) return to0x(result.returnData);
      if (result.code === 'executionReverted') throw revertError(result.returnData);
      throw serverError(result.message);
    },
  )),
  long(method('eth_estimateGas', 'The gas limit that a transaction needs, at most 1.5 % too much.',
    [required('transaction', call), optional('block', blockId, LATEST), optional('overrides', overrides, [])],
    async ({ chain }, transaction, block, stateOverrides) => {
      const request = requestFor(chain, transaction, stateOverrides);
      checkAccess(chain, request);
      return toQuantity(await chain.executor.estimateGas(request, stateHeightOf(chain, block)));
    },
  )),
];
