import { CODES, RpcError } from '../errors.js';
import type { Method } from '../method.js';

/** Methods that a developer may look for here, and what to do instead. */
const REASONS: Record<string, string> = {
  eth_getProof: 'this chain’s state tree is not Ethereum’s: proofs of it come from stele_getProof',
  eth_sendTransaction: 'this node keeps no keys: sign in your client and send with eth_sendRawTransaction',
  eth_sign: 'this node keeps no keys: sign in your client',
  eth_signTransaction: 'this node keeps no keys: sign in your client',
  eth_coinbase: 'nobody earns fees here',
  eth_mining: 'blocks are decided by validators: see stele_getConsensus',
  eth_hashrate: 'blocks are decided by validators: see stele_getConsensus',
};

export const REFUSED_METHODS: readonly Method[] = Object.entries(REASONS).map(([name, reason]) => ({
  name,
  params: [],
  isLong: false,
  doc: `Refused: ${reason}.`,
  call: () => {
    throw new RpcError(CODES.methodNotFound, `the method ${name} does not exist/is not available: ${reason}`);
  },
}));
