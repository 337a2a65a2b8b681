import { sha256, utf8, type Bytes, type Log } from '#ledger';
import { keccak256 } from '../crypto/keccak.js';
import { AbiReader, encodeReason, encodeWithTail, encodeWords, selectorOf } from './abi.js';

/**
 * The system contract that anchors documents (docs/spec/records.md): whoever may transact puts a record under a 32-byte key, and
 * anybody reads who put what and when. Native, because it is what most chains are for. All it keeps is storage at its address,
 * in the journaled state like any contract's, so that reverts, roots and proofs hold for it.
 */
export const RECORDS_ADDRESS: Bytes = Uint8Array.from(Buffer.from('00000000000000000000000000000000005e1e03', 'hex'));

/** What the contract needs of the state: slots of its own, 32-byte keys, values without leading zeros. */
export interface RecordSlots {
  read(slot: Bytes): Bytes;
  write(slot: Bytes, value: Bytes): void;
}

export interface RecordCall {
  data: Bytes;
  value: bigint;
  /** Gas left after the intrinsic gas. */
  gas: bigint;
  caller: Bytes;
  height: bigint;
}

export type RecordOutcome =
  | { status: 'success'; gasUsed: bigint; returnData: Bytes; logs: Log[] }
  | { status: 'reverted'; gasUsed: bigint; returnData: Bytes }
  | { status: 'outOfGas' };

const PUT = selectorOf('put(bytes32,string)');
const COUNT = selectorOf('count(bytes32)');
const GET = selectorOf('get(bytes32,uint64)');
const EVENT = keccak256(utf8('RecordPut(bytes32,address,uint64,string)'));

/** Published formula (docs/spec/records.md): what a put costs beside the intrinsic gas. */
const PUT_GAS = 6000n;
const OLDER_GAS = 6000n;
const URI_BYTE_GAS = 8n;
const READ_GAS = 2100n;
export const MAX_URI_BYTES = 8192;

/** The newest record of a key, and older ones by their index: apart, so that no key can be chosen to fall on another's history. */
const newestSlot = (key: Bytes): Bytes => sha256(Uint8Array.of(0), key);
function olderSlot(key: Bytes, index: number): Bytes {
  const place = new Uint8Array(8);
  new DataView(place.buffer).setBigUint64(0, BigInt(index));
  return sha256(Uint8Array.of(1), key, place);
}

export interface StoredRecord {
  by: Bytes;
  height: number;
  index: number;
}

/** One word: `by[20] | height u48 | index u48`, index counting from 1, so that a record is never the zero word. */
function encodeRecord({ by, height, index }: StoredRecord): Bytes {
  const word = Buffer.alloc(32);
  word.set(by);
  word.writeUIntBE(height, 20, 6);
  word.writeUIntBE(index + 1, 26, 6);
  return word;
}

function decodeRecord(value: Bytes): StoredRecord | null {
  if (value.length === 0) return null;
  const word = Buffer.alloc(32);
  word.set(value, 32 - value.length);
  return { by: Uint8Array.from(word.subarray(0, 20)), height: word.readUIntBE(20, 6), index: word.readUIntBE(26, 6) - 1 };
}

/** Runs one call. Writes nothing unless it succeeds. */
export function callRecords(call: RecordCall, slots: RecordSlots): RecordOutcome {
  if (call.value > 0n) return reverted(0n, 'Records takes no value');
  const { data } = call;
  if (data.length < 4) return reverted(0n, 'Records: no function is named');
  switch (new DataView(data.buffer, data.byteOffset).getUint32(0)) {
    case PUT: return put(call, slots);
    case COUNT: return count(call, slots);
    case GET: return get(call, slots);
    default: return reverted(0n, 'Records: no such function');
  }
}

function put(call: RecordCall, slots: RecordSlots): RecordOutcome {
  const abi = new AbiReader(call.data);
  const key = abi.word(0);
  const uri = abi.tail(1);
  if (key === null || uri === null) return reverted(0n, 'Records.put: malformed call data');
  if (uri.length > MAX_URI_BYTES) return reverted(0n, `Records.put: the URI may have ${MAX_URI_BYTES} bytes`);
  const slot = newestSlot(key);
  const before = slots.read(slot);
  const newest = decodeRecord(before);
  const gasUsed = PUT_GAS + (newest === null ? 0n : OLDER_GAS) + URI_BYTE_GAS * BigInt(uri.length);
  if (gasUsed > call.gas) return { status: 'outOfGas' };
  const index = newest === null ? 0 : newest.index + 1;
  if (newest !== null) slots.write(olderSlot(key, newest.index), before);
  slots.write(slot, encodeRecord({ by: call.caller, height: Number(call.height), index }));
  const topics = [EVENT, key, encodeWords(call.caller)];
  const log: Log = { address: RECORDS_ADDRESS, topics, data: encodeWithTail([index], uri) };
  return { status: 'success', gasUsed, returnData: encodeWords(index), logs: [log] };
}

function count(call: RecordCall, slots: RecordSlots): RecordOutcome {
  const key = new AbiReader(call.data).word(0);
  if (key === null) return reverted(0n, 'Records.count: malformed call data');
  if (READ_GAS > call.gas) return { status: 'outOfGas' };
  const newest = decodeRecord(slots.read(newestSlot(key)));
  return { status: 'success', gasUsed: READ_GAS, returnData: encodeWords(newest === null ? 0 : newest.index + 1), logs: [] };
}

function get(call: RecordCall, slots: RecordSlots): RecordOutcome {
  const abi = new AbiReader(call.data);
  const key = abi.word(0);
  const index = abi.count(1);
  if (key === null || index === null) return reverted(0n, 'Records.get: malformed call data');
  const gasUsed = 2n * READ_GAS;
  if (gasUsed > call.gas) return { status: 'outOfGas' };
  const newest = decodeRecord(slots.read(newestSlot(key)));
  if (newest === null || index > newest.index) return reverted(gasUsed, 'Records.get: the key has no record with this index');
  const record = index === newest.index ? newest : decodeRecord(slots.read(olderSlot(key, index)));
  if (record === null) return reverted(gasUsed, 'Records.get: the key has no record with this index');
  return { status: 'success', gasUsed, returnData: encodeWords(record.by, record.height), logs: [] };
}

function reverted(gasUsed: bigint, reason: string): RecordOutcome {
  return { status: 'reverted', gasUsed, returnData: encodeReason(reason) };
}
