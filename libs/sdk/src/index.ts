/** What users and the platform's own programs share: the API client, the offline verifier, the node's client half. */
export * from './client/index.js';
export * from './node-client/index.js';
export * from './verifier/index.js';
export * from './system/index.js';
