import type { Bytes, Log } from '#ledger';
import { encodeReason } from './abi.js';

/** One call of Records, and what comes of it. */

export interface RecordCall {
  data: Bytes;
  value: bigint;
  /** All that the call may use: after the intrinsic gas, or what a contract gave along. */
  gas: bigint;
  /** Who calls: the transaction's sender, or the contract that calls. */
  caller: Bytes;
  height: bigint;
  /** Within a STATICCALL: nothing may be written. */
  isStatic: boolean;
}

export type RecordOutcome =
  | { status: 'success'; gasUsed: bigint; returnData: Bytes; logs: Log[] }
  | { status: 'reverted'; gasUsed: bigint; returnData: Bytes }
  | { status: 'outOfGas' };

/** Published formula (docs/spec/records.md): what a put costs beside the intrinsic gas. */
export const PUT_GAS = 6000n;
/** More where the key has a record already, which moves. */
export const OLDER_GAS = 6000n;
export const URI_BYTE_GAS = 8n;
/** Each record that is looked at. */
export const READ_GAS = 2100n;

const NO_LOGS: Log[] = [];
export const OUT_OF_GAS: RecordOutcome = { status: 'outOfGas' };

export function answered(gasUsed: bigint, returnData: Bytes, logs = NO_LOGS): RecordOutcome {
  return { status: 'success', gasUsed, returnData, logs };
}

export function reverted(gasUsed: bigint, reason: string): RecordOutcome {
  return { status: 'reverted', gasUsed, returnData: encodeReason(reason) };
}
