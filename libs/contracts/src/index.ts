/** Wire schemas, ids and error codes: shared by gateway, SDK, console and command line. Depends on zod alone. */
export * from './chains.js';
export * from './common.js';
export * from './contracts.js';
export * from './data-centers.js';
export * from './errors.js';
export * from './ids.js';
export * from './operations.js';
export * from './tenants.js';
