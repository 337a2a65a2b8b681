/** Of the program; the bundler puts package.json's version in its place. */
declare const STELE_VERSION: string | undefined;
export const VERSION: string = typeof STELE_VERSION === 'string' ? STELE_VERSION : '0.0.0-source';

/** Protocol versions of genesis that this program can run. */
export const PROTOCOL_VERSION = 1;
