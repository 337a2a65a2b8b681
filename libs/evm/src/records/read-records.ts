import type { Bytes } from '#ledger';
import { AbiReader, encodeArray, encodeWords } from './abi.js';
import { answered, OUT_OF_GAS, READ_GAS, reverted, type RecordCall, type RecordOutcome } from './record-call.js';
import { olderRecord, topOf, type RecordSlots, type StoredRecord } from './stored-record.js';

/** `count(bytes32 key) returns (uint64)` */
export function count(call: RecordCall, slots: RecordSlots): RecordOutcome {
  const key = new AbiReader(call.data).word(0);
  if (key === null) return reverted(0n, 'Records.count: malformed call data');
  if (READ_GAS > call.gas) return OUT_OF_GAS;
  return answered(READ_GAS, encodeWords(countOf(topOf(slots, key).newest)));
}

/** `get(bytes32 key, uint64 index) returns (address by, uint64 height)` */
export function get(call: RecordCall, slots: RecordSlots): RecordOutcome {
  const abi = new AbiReader(call.data);
  const key = abi.word(0);
  const index = abi.count(1);
  if (key === null || index === null) return reverted(0n, 'Records.get: malformed call data');
  const gasUsed = 2n * READ_GAS;
  if (gasUsed > call.gas) return OUT_OF_GAS;
  const { newest } = topOf(slots, key);
  if (newest === null || index > newest.index) return reverted(gasUsed, 'Records.get: the key has no record with this index');
  const { by, height } = recordAt(slots, key, newest, index);
  return answered(gasUsed, encodeWords(by, height));
}

/** `history(bytes32 key, uint64 from, uint64 limit) returns (Record[])`: the records from an index on, as many as there are and fit. */
export function history(call: RecordCall, slots: RecordSlots): RecordOutcome {
  const abi = new AbiReader(call.data);
  const key = abi.word(0);
  const from = abi.count(1);
  const limit = abi.count(2);
  if (key === null || from === null || limit === null) return reverted(0n, 'Records.history: malformed call data');
  if (READ_GAS > call.gas) return OUT_OF_GAS;
  const { newest } = topOf(slots, key);
  const length = Math.max(0, Math.min(limit, countOf(newest) - from));
  const gasUsed = READ_GAS * BigInt(1 + length);
  if (gasUsed > call.gas) return OUT_OF_GAS;
  const words: (number | Bytes)[] = [];
  for (let i = 0; newest !== null && i < length; i++) {
    const { by, height } = recordAt(slots, key, newest, from + i);
    words.push(by, height);
  }
  return answered(gasUsed, encodeArray(length, words));
}

/**
 * `verify(bytes32 key, address by) returns (bool found, uint64 index, address by, uint64 height)`: the first record of the key, or the
 * first by one account. Anybody may put a record under any key, so the first by a known account is what counts.
 */
export function verify(call: RecordCall, slots: RecordSlots): RecordOutcome {
  const abi = new AbiReader(call.data);
  const key = abi.word(0);
  const by = abi.address(1);
  if (key === null || by === null) return reverted(0n, 'Records.verify: malformed call data');
  let gasUsed = READ_GAS;
  if (gasUsed > call.gas) return OUT_OF_GAS;
  const { newest } = topOf(slots, key);
  const anybody = by.every((byte) => byte === 0);
  for (let index = 0; newest !== null && index <= newest.index; index++) {
    gasUsed += READ_GAS;
    if (gasUsed > call.gas) return OUT_OF_GAS;
    const record = recordAt(slots, key, newest, index);
    if (anybody || Buffer.compare(record.by, by) === 0) return answered(gasUsed, encodeWords(1, index, record.by, record.height));
  }
  return answered(gasUsed, encodeWords(0, 0, 0, 0));
}

const countOf = (newest: StoredRecord | null): number => (newest === null ? 0 : newest.index + 1);

function recordAt(slots: RecordSlots, key: Bytes, newest: StoredRecord, index: number): StoredRecord {
  return index === newest.index ? newest : olderRecord(slots, key, index);
}
