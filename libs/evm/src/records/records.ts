import { selectorOf } from './abi.js';
import { count, get, history, verify } from './read-records.js';
import { put, putBatch } from './put-records.js';
import { reverted, type RecordCall, type RecordOutcome } from './record-call.js';
import type { RecordSlots } from './stored-record.js';

const PUT = selectorOf('put(bytes32,string)');
const PUT_BATCH = selectorOf('putBatch(bytes32[],string[])');
const COUNT = selectorOf('count(bytes32)');
const GET = selectorOf('get(bytes32,uint64)');
const HISTORY = selectorOf('history(bytes32,uint64,uint64)');
const VERIFY = selectorOf('verify(bytes32,address)');

/** Runs one call. What it has written where it does not succeed is the caller's to undo. */
export function callRecords(call: RecordCall, slots: RecordSlots): RecordOutcome {
  if (call.value > 0n) return reverted(0n, 'Records takes no value');
  const { data } = call;
  if (data.length < 4) return reverted(0n, 'Records: no function is named');
  switch (new DataView(data.buffer, data.byteOffset).getUint32(0)) {
    case PUT: return put(call, slots);
    case PUT_BATCH: return putBatch(call, slots);
    case COUNT: return count(call, slots);
    case GET: return get(call, slots);
    case HISTORY: return history(call, slots);
    case VERIFY: return verify(call, slots);
    default: return reverted(0n, 'Records: no such function');
  }
}

/** DELEGATECALL and CALLCODE: the records are the contract's own, whoever lends it storage. */
export function refuseDelegation(): RecordOutcome {
  return reverted(0n, 'Records: call the contract itself, its code cannot be borrowed');
}
