/** The node's JSON-RPC over HTTP and WebSocket: Ethereum's methods, and `stele_*`. */
export { attachRpc, type RpcOptions, type RpcServer } from './attach.js';
export type { ChainAccess, ConsensusStatus, RpcBackend } from './backend.js';
export { DEFAULT_LIMITS, type RpcLimits } from './limits.js';
