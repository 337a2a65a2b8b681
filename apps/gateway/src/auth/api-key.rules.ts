import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * `stele_<26 characters that name it>_<43 characters: 256 random bits, base64url>_<8 hex: CRC-32 of all before>`.
 * The prefix lets secret scanners find leaked keys, the checksum lets them (and us) drop look-alikes without a lookup.
 */
export const API_KEY_PREFIX = 'stele_';
const SHAPE = /^stele_([0-9a-hjkmnp-tv-z]{26})_([A-Za-z0-9_-]{43})_([0-9a-f]{8})$/;

export interface MintedApiKey {
  /** The whole key; shown once, never stored. */
  key: string;
  /** How people recognise it later. */
  prefix: string;
  /** What is stored: SHA-256 of the key. A 256-bit secret needs no slow hash. */
  hash: string;
}

function checksum(text: string): string {
  return (crc32(text) >>> 0).toString(16).padStart(8, '0');
}

export function hashApiKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** @param name 26 characters that no other key has, e.g. those of a fresh id. */
export function mintApiKey(name: string): MintedApiKey {
  const body = `${API_KEY_PREFIX}${name}_${randomBytes(32).toString('base64url')}`;
  const key = `${body}_${checksum(body)}`;
  return { key, prefix: key.slice(0, API_KEY_PREFIX.length + 26), hash: hashApiKey(key) };
}

/** The prefix by which a well-formed key is looked up, or null where shape or checksum is wrong. */
export function apiKeyPrefixOf(key: string): string | null {
  const match = SHAPE.exec(key);
  if (match === null) return null;
  const cut = key.lastIndexOf('_');
  return checksum(key.slice(0, cut)) === match[3] ? `${API_KEY_PREFIX}${match[1]}` : null;
}

/** Compares two hex hashes without telling by time where they differ. */
export function sameHash(a: string, b: string): boolean {
  const left = Buffer.from(a, 'hex');
  const right = Buffer.from(b, 'hex');
  return left.length === right.length && left.length > 0 && timingSafeEqual(left, right);
}
