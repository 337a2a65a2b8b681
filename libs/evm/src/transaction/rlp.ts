import type { Bytes } from '#ledger';
import { EvmError } from '../errors.js';

/** An RLP item (Yellow Paper, appendix B): where it stands, and its bytes or its members. */
export type RlpItem = { start: number; end: number; bytes: Bytes; list: null } | { start: number; end: number; bytes: null; list: RlpItem[] };

const malformed = (why: string): EvmError => new EvmError('malformedTransaction', `not canonical RLP: ${why}`);

/** Members of a list may nest this deep: an access list needs three. */
const MAX_DEPTH = 4;

/** Decodes one item that fills the input; refuses every second way to write the same value. Bytes are views. */
export function decodeRlp(input: Bytes, from = 0): RlpItem {
  const item = readItem(input, from, input.length, 0);
  if (item.end !== input.length) throw malformed('bytes after the end');
  return item;
}

function readItem(input: Bytes, start: number, limit: number, depth: number): RlpItem {
  if (start >= limit) throw malformed('it ends early');
  const tag = input[start] as number;
  if (tag < 0x80) return { start, end: start + 1, bytes: input.subarray(start, start + 1), list: null };
  const isList = tag >= 0xc0;
  const short = tag - (isList ? 0xc0 : 0x80);
  let body = start + 1;
  let length = short;
  if (short > 55) {
    const lengthBytes = short - 55;
    body += lengthBytes;
    // Transactions are at most 128 KiB, so a length of more than three bytes is never honest.
    if (lengthBytes > 3 || body > limit) throw malformed('a length is too long');
    length = 0;
    for (let i = start + 1; i < body; i++) length = length * 256 + (input[i] as number);
    if (input[start + 1] === 0 || length < 56) throw malformed('a length is not the shortest');
  }
  const end = body + length;
  if (end > limit) throw malformed('it ends early');
  if (!isList) {
    if (length === 1 && (input[body] as number) < 0x80) throw malformed('a single byte is wrapped');
    return { start, end, bytes: input.subarray(body, end), list: null };
  }
  if (depth >= MAX_DEPTH) throw malformed('lists nest too deep');
  const list: RlpItem[] = [];
  for (let at = body; at < end; ) {
    const item = readItem(input, at, end, depth + 1);
    list.push(item);
    at = item.end;
  }
  return { start, end, bytes: null, list };
}

/** The bytes that begin a list whose members take `length` bytes. */
export function listHeader(length: number): Bytes {
  if (length < 56) return Uint8Array.of(0xc0 + length);
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return Uint8Array.of(0xf7 + digits.length, ...digits);
}

/** RLP of an unsigned integer. */
export function encodeInteger(value: bigint): Bytes {
  if (value === 0n) return Uint8Array.of(0x80);
  const hex = value.toString(16);
  const digits = Uint8Array.from(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'));
  return digits.length === 1 && (digits[0] as number) < 0x80 ? digits : Uint8Array.of(0x80 + digits.length, ...digits);
}
