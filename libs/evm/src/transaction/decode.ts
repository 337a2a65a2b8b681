import { native, SCRATCH, type Bytes } from '#ledger';
import { keccak256 } from '../crypto/keccak.js';
import { recoverPublicKey } from '../crypto/recover.js';
import { EvmError } from '../errors.js';
import type { AccessListEntry } from './admitted.js';
import { FieldTable, writeListHeader } from './fields.js';
import { decodeRlp, encodeInteger, type RlpItem } from './rlp.js';

const malformed = (why: string): EvmError => new EvmError('malformedTransaction', why);

/** A transaction's signature, as JSON-RPC shows it. */
export interface TransactionSignature {
  /** As on the wire: EIP-155's v for type 0, the parity for 1 and 2. */
  v: bigint;
  yParity: 0 | 1;
  r: bigint;
  s: bigint;
}

/** Integers as small as they come: a number takes no room of its own. */
type Integer = number | bigint;

/**
 * A transaction's fields, its form checked. It keeps where they stand in `raw` and makes them when they are asked for: thousands
 * wait in a pool, and what each of them keeps alive is what collecting the garbage costs.
 */
export class DecodedTransaction {
  private list: readonly AccessListEntry[] | undefined = undefined;

  constructor(
    readonly raw: Bytes,
    readonly type: 0 | 1 | 2,
    private readonly chain: Integer | null,
    private readonly nonceValue: Integer,
    private readonly feeValue: Integer,
    private readonly tipValue: Integer,
    private readonly gasValue: Integer,
    private readonly amount: Integer,
    /** 0 for a deployment. */
    private readonly toFrom: number,
    private readonly dataFrom: number,
    private readonly dataTo: number,
    private readonly hasAccessList: boolean,
  ) {}

  /** Null for a legacy transaction without EIP-155. */
  get chainId(): bigint | null {
    return this.chain === null ? null : BigInt(this.chain);
  }

  get nonce(): bigint {
    return BigInt(this.nonceValue);
  }

  get maxFeePerGas(): bigint {
    return BigInt(this.feeValue);
  }

  get maxPriorityFeePerGas(): bigint {
    return BigInt(this.tipValue);
  }

  get gasLimit(): bigint {
    return BigInt(this.gasValue);
  }

  get value(): bigint {
    return BigInt(this.amount);
  }

  /** Null deploys a contract. */
  get to(): Bytes | null {
    return this.toFrom === 0 ? null : this.raw.subarray(this.toFrom, this.toFrom + 20);
  }

  get data(): Bytes {
    return this.raw.subarray(this.dataFrom, this.dataTo);
  }

  get accessList(): readonly AccessListEntry[] {
    return (this.list ??= this.hasAccessList ? accessListOf(listOf(decodeRlp(this.raw, 1))[this.type === 1 ? 7 : 8]) : NO_ENTRIES);
  }

  get signature(): TransactionSignature {
    return signatureOf(this.raw, this.type);
  }
}

const NO_ENTRIES: readonly AccessListEntry[] = [];
const FIELDS = new FieldTable();
/** Where the signature and what surrounds the signed bytes go: the native routines' own place, where they are. */
const scratch = native?.scratch ?? new Uint8Array(SCRATCH.sender);
let signedFrom = 0;
let signedTo = 0;

/**
 * Reads a raw transaction of type 0, 1 or 2. Its signature stands ready for `recoverSender` until the next call.
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

/** s of the transaction that was decoded last; 32 bytes, valid until the next. */
export function lastS(): Bytes {
  return scratch.subarray(SCRATCH.signature + 32, SCRATCH.signature + 64);
}

/** The address that signed the transaction that was decoded last, or null when nobody can have. */
export function recoverSender(raw: Bytes): Bytes | null {
  if (native !== null) return native.sender(raw, signedFrom, signedTo) ? native.scratch.slice(SCRATCH.sender, SCRATCH.sender + 20) : null;
  const prefix = scratch.subarray(SCRATCH.prefix, SCRATCH.prefix + (scratch[SCRATCH.prefixLength] as number));
  const suffix = scratch.subarray(SCRATCH.suffix, SCRATCH.suffix + (scratch[SCRATCH.suffixLength] as number));
  const digest = keccak256(Buffer.concat([prefix, raw.subarray(signedFrom, signedTo), suffix]));
  const key = recoverPublicKey(digest, scratch.slice(0, 64), scratch[SCRATCH.parity] as number);
  return key === null ? null : keccak256(key).subarray(12);
}

function decodeLegacy(raw: Bytes): DecodedTransaction {
  const fields = FIELDS;
  fields.read(raw, 0, 9);
  const v = fields.integer(6, 9);
  const eip155 = v >= 35n;
  if (!eip155 && v !== 27n && v !== 28n) throw malformed(`v is ${v}`);
  const chainId = eip155 ? (v - 35n) / 2n : null;
  const gasPrice = fields.compact(1, 32);
  const decoded = new DecodedTransaction(raw, 0, chainId, fields.compact(0, 8), gasPrice, gasPrice, fields.compact(2, 8), fields.compact(4, 32), recipient(3), fields.bodyOf(5), fields.endOf(5), false);
  let suffixLength = 0;
  if (chainId !== null) {
    const encoded = encodeInteger(chainId);
    scratch.set(encoded, SCRATCH.suffix);
    scratch.set([0x80, 0x80], SCRATCH.suffix + encoded.length);
    suffixLength = encoded.length + 2;
  }
  holdSigned(-1, fields.startOf(0), fields.startOf(6), suffixLength);
  holdSignature((eip155 ? (v - 35n) % 2n : v - 27n) === 1n ? 1 : 0, 7);
  return decoded;
}

/** EIP-2930 has one gas price where EIP-1559 has two fees; all else is equal. */
function decodeTyped(raw: Bytes, type: 1 | 2): DecodedTransaction {
  const shift = type - 1;
  const fields = FIELDS;
  fields.read(raw, 1, 11 + shift);
  const parity = fields.small(8 + shift);
  if (parity > 1) throw malformed(`yParity is ${parity}`);
  const hasAccessList = !fields.isEmptyList(7 + shift);
  const decoded = new DecodedTransaction(
    raw, type, fields.compact(0, 8), fields.compact(1, 8), fields.compact(2 + shift, 32), fields.compact(2, 32), fields.compact(3 + shift, 8),
    fields.compact(5 + shift, 32), recipient(4 + shift), fields.bodyOf(6 + shift), fields.endOf(6 + shift), hasAccessList,
  );
  holdSigned(type, fields.startOf(0), fields.startOf(8 + shift), 0);
  holdSignature(parity as 0 | 1, 9 + shift);
  // Its form is part of the transaction's: read once here, so that nothing malformed is admitted.
  if (hasAccessList) void decoded.accessList;
  return decoded;
}

/** What was signed: the type, if any, and a list of the same fields without the signature. */
function holdSigned(type: number, from: number, to: number, suffixLength: number): void {
  let at: number = SCRATCH.prefix;
  if (type > 0) scratch[at++] = type;
  at += writeListHeader(scratch, at, to - from + suffixLength);
  scratch[SCRATCH.prefixLength] = at - SCRATCH.prefix;
  scratch[SCRATCH.suffixLength] = suffixLength;
  signedFrom = from;
  signedTo = to;
}

function holdSignature(parity: 0 | 1, fieldOfR: number): void {
  scratch[SCRATCH.parity] = parity;
  FIELDS.word(fieldOfR, scratch, SCRATCH.signature);
  FIELDS.word(fieldOfR + 1, scratch, SCRATCH.signature + 32);
}

/** Where the recipient stands, or 0 for none. */
function recipient(field: number): number {
  const from = FIELDS.bodyOf(field);
  const length = FIELDS.endOf(field) - from;
  if (length !== 0 && length !== 20) throw malformed(`${length} bytes where 20 must stand`);
  return length === 0 ? 0 : from;
}

function signatureOf(raw: Bytes, type: 0 | 1 | 2): TransactionSignature {
  const members = listOf(decodeRlp(raw, type === 0 ? 0 : 1));
  const [v, r, s] = members.slice(members.length - 3).map((item) => bigOf(item.bytes ?? new Uint8Array(0)));
  if (v === undefined || r === undefined || s === undefined) throw malformed('a field is missing');
  const parity = type !== 0 ? v : v >= 35n ? (v - 35n) % 2n : v - 27n;
  return { v, yParity: parity === 1n ? 1 : 0, r, s };
}

function bigOf(bytes: Bytes): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
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

function exactly(item: RlpItem | undefined, length: number): Bytes {
  if (item === undefined || item.bytes === null) throw malformed('a list stands where bytes must');
  if (item.bytes.length !== length) throw malformed(`${item.bytes.length} bytes where ${length} must stand`);
  return item.bytes;
}
