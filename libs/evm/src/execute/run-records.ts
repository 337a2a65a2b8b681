import { EVMError, type ExecResult, type Message as EvmMessage } from '@ethereumjs/evm';
import { toHex, type Bytes } from '#ledger';
import { EMPTY_CODE_HASH } from '../crypto/keccak.js';
import { RECORDS_ADDRESS } from '../records/address.js';
import type { RecordOutcome } from '../records/record-call.js';
import { callRecords, refuseDelegation } from '../records/records.js';
import type { RecordSlots } from '../records/stored-record.js';
import type { Overlay } from '../state/overlay.js';
import type { Message, Outcome } from './message.js';

const NOTHING: Bytes = new Uint8Array(0);
const RECORDS_KEY = toHex(RECORDS_ADDRESS);
const NO_ACCOUNT = { balance: 0n, codeHash: EMPTY_CODE_HASH };

function slotsOf(overlay: Overlay): RecordSlots {
  return {
    read: (slot) => overlay.storage(RECORDS_ADDRESS, slot, RECORDS_KEY),
    write: (slot, value) => overlay.setStorage(RECORDS_ADDRESS, slot, value, RECORDS_KEY),
  };
}

/** A transaction to the Records contract: as the EVM would run one, without it. The sender's nonce is used up whatever happens. */
export function runRecords(overlay: Overlay, height: bigint, message: Message): Outcome {
  overlay.beginTransaction();
  const { sender, senderKey = toHex(sender), data, value } = message;
  const { balance, codeHash } = overlay.account(sender, senderKey) ?? NO_ACCOUNT;
  overlay.setAccount(sender, { nonce: message.nonce + 1n, balance, codeHash }, senderKey);
  const gas = message.gasLimit - message.intrinsicGas;
  overlay.checkpoint();
  const outcome = callRecords({ data, value, gas, caller: sender, height, isStatic: false }, slotsOf(overlay));
  if (outcome.status === 'success') overlay.commit();
  else overlay.revert();
  const used = message.intrinsicGas + (outcome.status === 'outOfGas' ? gas : outcome.gasUsed);
  const gasUsed = used > message.floorGas ? used : message.floorGas;
  const common = { gasUsed, gasBeforeRefund: gasUsed, contractAddress: null };
  switch (outcome.status) {
    case 'success': return { ...common, failure: null, returnData: outcome.returnData, logs: outcome.logs };
    case 'reverted': return { ...common, failure: { code: 'executionReverted', message: 'execution reverted' }, returnData: outcome.returnData, logs: [] };
    case 'outOfGas': return { ...common, failure: { code: 'outOfGas', message: 'out of gas' }, returnData: NOTHING, logs: [] };
  }
}

/** A contract's call of Records: one frame of the EVM's, which undoes what is written where the frame or one around it fails. */
export function runRecordsFrame(overlay: Overlay, height: bigint, { to, codeAddress, caller, data, value, gasLimit, gasRefund, isStatic }: EvmMessage): ExecResult {
  const isBorrowed = to !== undefined && !to.equals(codeAddress);
  // The data is a view of the caller's memory, which the log outlives.
  const call = { data: data.slice(), value, gas: gasLimit, caller: caller.bytes, height, isStatic };
  const outcome = isBorrowed ? refuseDelegation() : callRecords(call, slotsOf(overlay));
  return { ...resultOf(outcome, gasLimit), ...(gasRefund === undefined ? {} : { gasRefund }) };
}

function resultOf(outcome: RecordOutcome, gasLimit: bigint): ExecResult {
  switch (outcome.status) {
    case 'success': return { executionGasUsed: outcome.gasUsed, returnValue: outcome.returnData, logs: outcome.logs.map(({ address, topics, data }) => [address, [...topics], data]) };
    case 'reverted': return { executionGasUsed: outcome.gasUsed, returnValue: outcome.returnData, exceptionError: new EVMError(EVMError.errorMessages.REVERT) };
    case 'outOfGas': return { executionGasUsed: gasLimit, returnValue: NOTHING, exceptionError: new EVMError(EVMError.errorMessages.OUT_OF_GAS) };
  }
}
