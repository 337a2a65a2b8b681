import { keccak256 } from '#evm';
import { to0x } from '#ledger';
import { toQuantity } from '../format/quantity.js';
import { method, type Method } from '../method.js';
import { required } from '../params/parser.js';
import { data } from '../params/values.js';

/** The node and its chain as a whole. */
export const NETWORK_METHODS: readonly Method[] = [
  method('eth_chainId', 'The evmChainId, as wallets sign it.', [], ({ chain }) => toQuantity(chain.store.genesis.evmChainId)),
  method('net_version', 'The evmChainId as a decimal text.', [], ({ chain }) => chain.store.genesis.evmChainId.toString()),
  method('net_listening', 'Always true.', [], () => true),
  method('net_peerCount', 'Peers that are connected and authenticated.', [], ({ backend }) => toQuantity(backend.consensusStatus().peers)),
  method('web3_clientVersion', 'Program, version, platform.', [], ({ backend }) => `Stele/v${backend.version}/${process.platform}-${process.arch}/node${process.versions.node}`),
  method('web3_sha3', 'Keccak-256 of the data.', [required('data', data)], (_, bytes) => to0x(keccak256(bytes))),
  method('eth_accounts', 'None: nodes keep no keys of accounts.', [], () => []),
  method('eth_syncing', 'False, or how far a node that fell behind has come.', [], ({ backend, chain }) => {
    const { phase, highestHeight } = backend.consensusStatus();
    const head = chain.store.head().height;
    if (phase !== 'syncing' && highestHeight <= head + 1n) return false;
    return { startingBlock: '0x0', currentBlock: toQuantity(head), highestBlock: toQuantity(highestHeight > head ? highestHeight : head) };
  }),
  method('eth_protocolVersion', 'The protocol version of genesis.', [], ({ chain }) => toQuantity(chain.store.genesis.protocolVersion)),
];
