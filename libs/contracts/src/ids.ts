/**
 * Resource ids: a prefix that says what it names, `_`, and 26 characters of lowercase Crockford base32 holding a
 * ULID (48 bits of milliseconds, 80 random bits), so ids of one kind sort by creation time.
 */
import { z } from 'zod';

export const ID_PREFIXES = {
  user: 'usr',
  tenant: 'ten',
  chain: 'chn',
  node: 'nod',
  operation: 'op',
  contract: 'ctr',
  dataCenter: 'dc',
  apiKey: 'key',
  refreshToken: 'rft',
  tokenFamily: 'fam',
  request: 'req',
  install: 'ins',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARS = 10;
const RANDOM_CHARS = 16;

function encodeTime(nowMs: number): string {
  let rest = nowMs;
  let text = '';
  for (let i = 0; i < TIME_CHARS; i++) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** A fresh id, e.g. `newId('chain')` → `chn_01k…`. Unique across processes without coordination. */
export function newId(kind: IdKind, nowMs: number = Date.now()): string {
  const random = globalThis.crypto.getRandomValues(new Uint8Array(RANDOM_CHARS));
  let text = '';
  for (const byte of random) text += ALPHABET.charAt(byte & 31);
  return `${ID_PREFIXES[kind]}_${encodeTime(nowMs)}${text}`;
}

function idPattern(kind: IdKind): RegExp {
  return new RegExp(`^${ID_PREFIXES[kind]}_[0-9a-hjkmnp-tv-z]{26}$`);
}

const PATTERNS = Object.fromEntries(
  (Object.keys(ID_PREFIXES) as IdKind[]).map((kind) => [kind, idPattern(kind)]),
) as Record<IdKind, RegExp>;

/** Whether the text is a well-formed id of that kind (says nothing about whether it exists). */
export function isId(kind: IdKind, text: string): boolean {
  return PATTERNS[kind].test(text);
}

/** The wire schema of an id of that kind. */
export function idSchema(kind: IdKind): z.ZodString {
  return z.string().regex(PATTERNS[kind], `must be a ${kind} id (${ID_PREFIXES[kind]}_…)`);
}
