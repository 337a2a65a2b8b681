import { concatBytes, type Bytes } from '#ledger';
import { EvmError } from '../errors.js';
import type { AccessListEntry, AdmittedTransaction } from './admitted.js';
import { decodeRlp, encodeInteger, listHeader, type RlpItem } from './rlp.js';

/** A transaction's fields, its form checked, and the bytes whose Keccak-256 was signed. */
export type DecodedTransaction = Omit<AdmittedTransaction, 'hash' | 'raw' | 'sender' | 'intrinsicGas' | 'floorGas' | 'signature'> & {
  /** Null for a legacy transaction without EIP-155. */
  chainId: bigint | null;
  signingBytes: Bytes;
  v: bigint;
  yParity: 0 | 1;
  /** 32 bytes each. */
  r: Bytes;
  s: Bytes;
};

const malformed = (why: string): EvmError => new EvmError('malformedTransaction', why);

/**
 * Reads a raw transaction of type 0, 1 or 2.
 * @throws EvmError `malformedTransaction`, `blobTransaction`, `setCodeTransaction`, `unknownTransactionType`.
 */
export function decodeTransaction(raw: Bytes): DecodedTransaction {
  const first = raw[0];
  if (first === undefined) throw malformed('the transaction is empty');
  if (first >= 0xc0) return decodeLegacy(raw);
  if (first === 1) return decodeTyped(raw, 1);
  if (first === 2) return decodeTyped(raw, 2);
  if (first === 3) throw new EvmError('blobTransaction', 'this chain takes no blob transactions (type 3, EIP-4844): it keeps no blobs');
  if (first === 4) throw new EvmError('setCodeTransaction', 'this chain takes no set-code transactions (type 4, EIP-7702)');
  throw new EvmError('unknownTransactionType', `transaction type ${first} is not known: types 0, 1 and 2 are`);
}

function decodeLegacy(raw: Bytes): DecodedTransaction {
  const fields = listOf(decodeRlp(raw), 9);
  const v = integer(fields[6], 9);
  const eip155 = v >= 35n;
  if (!eip155 && v !== 27n && v !== 28n) throw malformed(`v is ${v}`);
  const chainId = eip155 ? (v - 35n) / 2n : null;
  const signed = raw.subarray(startOf(fields[0]), startOf(fields[6]));
  const suffix = chainId === null ? new Uint8Array(0) : concatBytes(encodeInteger(chainId), Uint8Array.of(0x80, 0x80));
  const gasPrice = integer(fields[1], 32);
  return {
    type: 0, chainId,
    nonce: integer(fields[0], 8), maxFeePerGas: gasPrice, maxPriorityFeePerGas: gasPrice, gasLimit: integer(fields[2], 8),
    to: recipient(fields[3]), value: integer(fields[4], 32), data: bytesOf(fields[5]), accessList: [],
    signingBytes: concatBytes(listHeader(signed.length + suffix.length), signed, suffix),
    v, yParity: (eip155 ? (v - 35n) % 2n : v - 27n) === 1n ? 1 : 0, r: word(fields[7]), s: word(fields[8]),
  };
}

/** EIP-2930 has one gas price where EIP-1559 has two fees; all else is equal. */
function decodeTyped(raw: Bytes, type: 1 | 2): DecodedTransaction {
  const shift = type - 1;
  const fields = listOf(decodeRlp(raw, 1), 11 + shift);
  const parity = integer(fields[8 + shift], 1);
  if (parity > 1n) throw malformed(`yParity is ${parity}`);
  const signed = raw.subarray(startOf(fields[0]), startOf(fields[8 + shift]));
  return {
    type, chainId: integer(fields[0], 8), nonce: integer(fields[1], 8),
    maxPriorityFeePerGas: integer(fields[2], 32), maxFeePerGas: integer(fields[2 + shift], 32), gasLimit: integer(fields[3 + shift], 8),
    to: recipient(fields[4 + shift]), value: integer(fields[5 + shift], 32), data: bytesOf(fields[6 + shift]), accessList: accessListOf(fields[7 + shift]),
    signingBytes: concatBytes(Uint8Array.of(type), listHeader(signed.length), signed),
    v: parity, yParity: parity === 1n ? 1 : 0, r: word(fields[9 + shift]), s: word(fields[10 + shift]),
  };
}

function accessListOf(item: RlpItem | undefined): AccessListEntry[] {
  return listOf(item).map((entry) => {
    const [address, keys] = listOf(entry, 2);
    return { address: exactly(address, 20), storageKeys: listOf(keys).map((key) => exactly(key, 32)) };
  });
}

function listOf(item: RlpItem | undefined, count?: number): RlpItem[] {
  if (item === undefined || item.list === null) throw malformed('bytes stand where a list must');
  if (count !== undefined && item.list.length !== count) throw malformed(`${item.list.length} fields where ${count} must stand`);
  return item.list;
}

function startOf(item: RlpItem | undefined): number {
  if (item === undefined) throw malformed('a field is missing');
  return item.start;
}

function bytesOf(item: RlpItem | undefined): Bytes {
  if (item === undefined || item.bytes === null) throw malformed('a list stands where bytes must');
  return item.bytes;
}

function exactly(item: RlpItem | undefined, length: number): Bytes {
  const bytes = bytesOf(item);
  if (bytes.length !== length) throw malformed(`${bytes.length} bytes where ${length} must stand`);
  return bytes;
}

function recipient(item: RlpItem | undefined): Bytes | null {
  const bytes = bytesOf(item);
  return bytes.length === 0 ? null : exactly(item, 20);
}

function integer(item: RlpItem | undefined, maxBytes: number): bigint {
  const bytes = bytesOf(item);
  if (bytes.length > maxBytes) throw malformed(`an integer of ${bytes.length} bytes where at most ${maxBytes} may stand`);
  if (bytes[0] === 0) throw malformed('an integer begins with zero');
  let value = 0n;
  for (let i = 0; i < bytes.length; i++) value = (value << 8n) | BigInt(bytes[i] as number);
  return value;
}

/** An integer of at most 32 bytes, padded to 32. */
function word(item: RlpItem | undefined): Bytes {
  const bytes = bytesOf(item);
  if (bytes.length > 32 || bytes[0] === 0) throw malformed('r or s is no 256-bit integer');
  const padded = new Uint8Array(32);
  padded.set(bytes, 32 - bytes.length);
  return padded;
}
