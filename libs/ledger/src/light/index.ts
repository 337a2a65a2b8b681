/** The light client: headers by their certificates, across changes of validators; docs/spec/sync.md has the rules. */
export { LightClient } from './light-client.js';
export type { LightAcceptance, LightCheck, LightRefusal, LightRefusalCode } from './refusal.js';
