/** What makes a folder a store: written in the same batch as the first state, so that a crash leaves either nothing or all. */
export const FORMAT_KEY = Buffer.from('format');
export const GENESIS_KEY = Buffer.from('genesis');
export const FORMAT = Buffer.from('stele-store-4');
