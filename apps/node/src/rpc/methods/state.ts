import { to0x } from '#ledger';
import { toQuantity } from '../format/quantity.js';
import { method, type Method } from '../method.js';
import { blockId, LATEST, stateHeightOf } from '../params/block-id.js';
import { optional, required } from '../params/parser.js';
import { address, slot } from '../params/values.js';

const at = optional('block', blockId, LATEST);

/** What the state holds after a block. */
export const STATE_METHODS: readonly Method[] = [
  method('eth_getBalance', 'An account’s balance in wei.', [required('address', address), at], ({ chain }, account, block) =>
    toQuantity(chain.store.state(stateHeightOf(chain, block)).account(account)?.balance ?? 0n),
  ),
  method('eth_getTransactionCount', 'An account’s nonce; pending counts what waits in this node’s pool.', [required('address', address), at], ({ backend, chain }, account, block) => {
    if (block.kind === 'pending') return toQuantity(backend.pendingNonce(account));
    return toQuantity(chain.store.state(stateHeightOf(chain, block)).account(account)?.nonce ?? 0n);
  }),
  method('eth_getCode', 'A contract’s code.', [required('address', address), at], ({ chain }, account, block) =>
    to0x(chain.store.state(stateHeightOf(chain, block)).code(account)),
  ),
  method('eth_getStorageAt', 'A storage slot, 32 bytes.', [required('address', address), required('slot', slot), at], ({ chain }, account, key, block) =>
    to0x(chain.store.state(stateHeightOf(chain, block)).storage(account, key)),
  ),
];
