import { fromHex, type Bytes } from '#ledger';
import { kindOf, wrong, type Read } from './parser.js';

const MAX_U256 = (1n << 256n) - 1n;
const MAX_U64 = (1n << 64n) - 1n;

/** A quantity as the execution API writes it: 0x, shortest form, at most `max`. */
function integer(max: bigint): Read<bigint> {
  return (value, where) => {
    if (typeof value !== 'string') throw wrong(where, `must be a hex quantity in a string, is ${kindOf(value)}`);
    if (!value.startsWith('0x')) throw wrong(where, `hex string without 0x prefix: ${kindOf(value)}`);
    if (value === '0x') throw wrong(where, 'empty hex string: zero is 0x0');
    if (!/^0x[0-9a-fA-F]+$/.test(value)) throw wrong(where, `not a hex quantity: ${kindOf(value)}`);
    if (value.length > 3 && value[2] === '0') throw wrong(where, `hex number with leading zero digits: ${kindOf(value)}`);
    if (value.length > 66) throw wrong(where, 'hex number > 256 bits');
    const number = BigInt(value);
    if (number > max) throw wrong(where, `hex number > ${max === MAX_U64 ? 64 : 256} bits`);
    return number;
  };
}

export const quantity: Read<bigint> = integer(MAX_U256);
export const quantity64: Read<bigint> = integer(MAX_U64);

/** A count or index; Geth takes a JSON number there too. */
export const count: Read<number> = (value, where) => {
  const number = typeof value === 'number' ? value : Number(quantity64(value, where));
  if (!Number.isInteger(number) || number < 0 || number > 0xffff_ffff) throw wrong(where, `must be a whole number from 0 to 2^32-1, is ${kindOf(value)}`);
  return number;
};

/** Bytes as 0x hex; `length` in bytes when it is fixed. */
function bytes(length?: number): Read<Bytes> {
  return (value, where) => {
    if (typeof value !== 'string') throw wrong(where, `must be 0x hex in a string, is ${kindOf(value)}`);
    if (!value.startsWith('0x')) throw wrong(where, `hex string without 0x prefix: ${kindOf(value)}`);
    // The decoder stops at the first character that is no digit: then there are too few bytes.
    const decoded = Buffer.from(value.slice(2), 'hex');
    if (decoded.length !== (value.length - 2) >> 1) throw wrong(where, `invalid hex string: ${kindOf(value)}`);
    if (value.length % 2 !== 0) throw wrong(where, `${/^[0-9a-fA-F]$/.test(value.slice(-1)) ? 'hex string of odd length' : 'invalid hex string'}: ${kindOf(value)}`);
    if (length !== undefined && decoded.length !== length) throw wrong(where, `hex string has length ${value.length - 2}, want ${2 * length}`);
    return new Uint8Array(decoded);
  };
}

export const data: Read<Bytes> = bytes();
export const address: Read<Bytes> = bytes(20);
export const hash: Read<Bytes> = bytes(32);

/** A storage slot: 32 bytes, or fewer digits of a number, as Geth takes both. */
export const slot: Read<Bytes> = (value, where) => {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{1,64}$/.test(value)) throw wrong(where, `must be 0x and 1 to 64 hex digits, is ${kindOf(value)}`);
  return fromHex(value.slice(2).padStart(64, '0'));
};

export const flag: Read<boolean> = (value, where) => {
  if (typeof value !== 'boolean') throw wrong(where, `must be true or false, is ${kindOf(value)}`);
  return value;
};
