/** Runtime drivers: where nodes run. See `port.ts` for the contract. */
export * from './port.js';
export { RuntimeError, isRuntimeError, type RuntimeErrorCode } from './errors.js';
export { egressNetworkName, networkName, nodeName, specHash, volumeName } from './names.js';
