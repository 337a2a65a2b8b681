import { toHex } from '../crypto/hex.js';
import { LedgerError } from './errors.js';

/** Bytes everywhere are `Uint8Array`; hashes are 32 of them. */
export type Bytes = Uint8Array;

export { toHex };

/** Lowercase hex with `0x`, as JSON documents carry bytes. */
export function to0x(bytes: Bytes): string {
  return `0x${toHex(bytes)}`;
}

/**
 * Bytes of a hex text, with or without `0x`.
 * @throws LedgerError `notCanonical` for an odd length or another character.
 */
export function fromHex(text: string): Bytes {
  const digits = text.startsWith('0x') ? text.slice(2) : text;
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) throw new LedgerError('notCanonical', `not hex: ${text.slice(0, 40)}`);
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Not constant in time: for public values only. */
export function equalBytes(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Lexicographic order, shorter first where one begins with the other. */
export function compareBytes(a: Bytes, b: Bytes): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function concatBytes(...parts: readonly Bytes[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** ASCII tags and names; UTF-8 for the rest. */
export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

export const ZERO_HASH: Bytes = new Uint8Array(32);
