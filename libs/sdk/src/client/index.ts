/** The typed client of the platform's API. */
export { SteleClient, type Credentials, type SteleClientOptions } from './client.js';
export { SteleApiError } from './error.js';
export { readServerSentEvents, type ServerSentEvent } from './server-sent-events.js';
