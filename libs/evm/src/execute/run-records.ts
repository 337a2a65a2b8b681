import { toHex, type Bytes } from '#ledger';
import { EMPTY_CODE_HASH } from '../crypto/keccak.js';
import { callRecords, RECORDS_ADDRESS, type RecordSlots } from '../records/records.js';
import type { Overlay } from '../state/overlay.js';
import type { Message, Outcome } from './message.js';

const NOTHING: Bytes = new Uint8Array(0);
const RECORDS_KEY = toHex(RECORDS_ADDRESS);
const NO_ACCOUNT = { balance: 0n, codeHash: EMPTY_CODE_HASH };

export function isRecords(to: Bytes | null): boolean {
  return to !== null && to[19] === RECORDS_ADDRESS[19] && Buffer.compare(to, RECORDS_ADDRESS) === 0;
}

/**
 * A transaction to the Records contract: as the EVM would run one, without it. The sender's nonce is used up whatever happens;
 * the contract writes nothing unless it succeeds, so that nothing has to be taken back.
 */
export function runRecords(overlay: Overlay, height: bigint, message: Message): Outcome {
  overlay.beginTransaction();
  const { sender, senderKey = toHex(sender) } = message;
  const { balance, codeHash } = overlay.account(sender, senderKey) ?? NO_ACCOUNT;
  overlay.setAccount(sender, { nonce: message.nonce + 1n, balance, codeHash }, senderKey);
  const slots: RecordSlots = {
    read: (slot) => overlay.storage(RECORDS_ADDRESS, slot, RECORDS_KEY),
    write: (slot, value) => overlay.setStorage(RECORDS_ADDRESS, slot, value, RECORDS_KEY),
  };
  const gas = message.gasLimit - message.intrinsicGas;
  const outcome = callRecords({ data: message.data, value: message.value, gas, caller: message.sender, height }, slots);
  const used = message.intrinsicGas + (outcome.status === 'outOfGas' ? gas : outcome.gasUsed);
  const gasUsed = used > message.floorGas ? used : message.floorGas;
  const common = { gasUsed, gasBeforeRefund: gasUsed, contractAddress: null };
  switch (outcome.status) {
    case 'success': return { ...common, failure: null, returnData: outcome.returnData, logs: outcome.logs };
    case 'reverted': return { ...common, failure: { code: 'executionReverted', message: 'execution reverted' }, returnData: outcome.returnData, logs: [] };
    case 'outOfGas': return { ...common, failure: { code: 'outOfGas', message: 'out of gas' }, returnData: NOTHING, logs: [] };
  }
}
