import { utf8, type Bytes, type Log } from '#ledger';
import { keccak256 } from '../crypto/keccak.js';
import { AbiReader, encodeArray, encodeWithTail, encodeWords } from './abi.js';
import { answered, OLDER_GAS, OUT_OF_GAS, PUT_GAS, reverted, URI_BYTE_GAS, type RecordCall, type RecordOutcome } from './record-call.js';
import { RECORDS_ADDRESS } from './address.js';
import { addRecord, topOf, type RecordSlots } from './stored-record.js';

export const MAX_URI_BYTES = 8192;
const EVENT = keccak256(utf8('RecordPut(bytes32,address,uint64,string)'));

/** `put(bytes32 key, string uri) returns (uint64 index)` */
export function put(call: RecordCall, slots: RecordSlots): RecordOutcome {
  if (call.isStatic) return reverted(0n, 'Records.put: nothing is written in a static call');
  const abi = new AbiReader(call.data);
  const key = abi.word(0);
  const uri = abi.tail(1);
  if (key === null || uri === null) return reverted(0n, 'Records.put: malformed call data');
  if (uri.length > MAX_URI_BYTES) return reverted(0n, `Records.put: the URI may have ${MAX_URI_BYTES} bytes`);
  const done = putOne(call, slots, key, uri, call.gas);
  return done === null ? OUT_OF_GAS : answered(done.gasUsed, encodeWords(done.index), [done.log]);
}

/** `putBatch(bytes32[] keys, string[] uris) returns (uint64[] indices)`: all of them, or none. */
export function putBatch(call: RecordCall, slots: RecordSlots): RecordOutcome {
  if (call.isStatic) return reverted(0n, 'Records.putBatch: nothing is written in a static call');
  const abi = new AbiReader(call.data);
  const keys = abi.array(0);
  const uris = abi.array(1);
  if (keys === null || uris === null) return reverted(0n, 'Records.putBatch: malformed call data');
  if (keys.length !== uris.length) return reverted(0n, 'Records.putBatch: there must be as many URIs as keys');
  const indices: number[] = [];
  const logs: Log[] = [];
  let gasUsed = 0n;
  for (let i = 0; i < keys.length; i++) {
    const uri = uris.items.tail(i);
    if (uri === null) return reverted(gasUsed, 'Records.putBatch: malformed call data');
    if (uri.length > MAX_URI_BYTES) return reverted(gasUsed, `Records.putBatch: a URI may have ${MAX_URI_BYTES} bytes`);
    const done = putOne(call, slots, keys.items.word(i) as Bytes, uri, call.gas - gasUsed);
    if (done === null) return OUT_OF_GAS;
    gasUsed += done.gasUsed;
    indices.push(done.index);
    logs.push(done.log);
  }
  return answered(gasUsed, encodeArray(indices.length, indices), logs);
}

/** Null where the gas does not suffice; then nothing is written. */
function putOne({ caller, height }: RecordCall, slots: RecordSlots, key: Bytes, uri: Bytes, gas: bigint): { gasUsed: bigint; index: number; log: Log } | null {
  const top = topOf(slots, key);
  const gasUsed = PUT_GAS + (top.newest === null ? 0n : OLDER_GAS) + URI_BYTE_GAS * BigInt(uri.length);
  if (gasUsed > gas) return null;
  const index = addRecord(slots, key, top, caller, Number(height));
  return { gasUsed, index, log: { address: RECORDS_ADDRESS, topics: [EVENT, key, encodeWords(caller)], data: encodeWithTail([index], uri) } };
}
