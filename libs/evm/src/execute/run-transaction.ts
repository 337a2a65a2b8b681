import { EVMError, type ExecResult } from '@ethereumjs/evm';
import { Address } from '@ethereumjs/util';
import { equalBytes, fromHex, toHex, type Bytes } from '#ledger';
import { EMPTY_CODE_HASH, keccak256 } from '../crypto/keccak.js';
import { EvmError, type PlacementErrorCode } from '../errors.js';
import { isRecords } from '../records/address.js';
import type { Overlay } from '../state/overlay.js';
import type { EvmBlock } from './environment.js';
import type { Lane } from './lane.js';
import { failureWords } from './failure-words.js';
import type { Message, Outcome } from './message.js';
import { runRecords } from './run-records.js';
import { encodeInteger, listHeader } from '../transaction/rlp.js';

/** Whether the transaction may stand here (Yellow Paper section 6, without fees): null, or why not. */
export function checkPlace(overlay: Overlay, message: Message, gasLeftInBlock: bigint): PlacementErrorCode | null {
  const sender = overlay.account(message.sender, message.senderKey);
  const nonce = sender?.nonce ?? 0n;
  if (message.nonce < nonce) return 'nonceTooLow';
  if (message.nonce > nonce) return 'nonceTooHigh';
  if (sender !== null && sender.codeHash !== EMPTY_CODE_HASH && !equalBytes(sender.codeHash, EMPTY_CODE_HASH)) return 'senderHasCode'; // EIP-3607
  if (message.value > (sender?.balance ?? 0n)) return 'insufficientFunds';
  return message.gasLimit > gasLeftInBlock ? 'blockGasExceeded' : null;
}

/**
 * Executes a message that may stand here. Fees are zero, so no balance is needed for gas, nothing is bought, refunded or paid to
 * the coinbase: gas is only counted. The caller has checked nonce and funds. Null, with nothing changed, when the EVM library
 * itself throws: on every node alike, so that such a transaction can stand in no block.
 */
export async function runTransaction(lane: Lane, overlay: Overlay, block: EvmBlock, message: Message): Promise<Outcome | null> {
  if (isRecords(message.to)) return runRecords(overlay, block.header.number, message);
  const { evm, rules } = lane;
  lane.state.use(overlay);
  overlay.beginTransaction();
  overlay.checkpoint();
  evm.journal.cleanJournal();
  evm.transientStorage.clear();
  warm(lane, block, message);
  const sender = new Address(message.sender);
  const account = overlay.account(message.sender) ?? { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH };
  overlay.setAccount(message.sender, { ...account, nonce: message.nonce + 1n });

  let execResult: ExecResult;
  try {
    ({ execResult } = await evm.runCall({
      block, caller: sender, origin: sender, gasPrice: message.gasPrice ?? 0n, gasLimit: message.gasLimit - message.intrinsicGas,
      to: message.to === null ? undefined : new Address(message.to), value: message.value, data: message.data, skipNonceIncrement: true,
      ...(message.blobVersionedHashes === undefined ? {} : { blobVersionedHashes: [...message.blobVersionedHashes] }),
    }));
  } catch (error) {
    if (error instanceof EvmError) throw error; // the store's, not the library's
    overlay.revertAll();
    return null;
  }
  const gasBeforeRefund = message.intrinsicGas + execResult.executionGasUsed;
  const refund = min(execResult.gasRefund ?? 0n, gasBeforeRefund / rules.refundQuotient); // EIP-3529
  const gasUsed = max(gasBeforeRefund - refund, message.floorGas); // EIP-7623
  // EIP-6780: only a contract that this transaction created is deleted.
  for (const address of execResult.selfdestruct?.keys() ?? []) {
    if (rules.destroysCreatedOnly && execResult.createdAddresses?.has(address) !== true) continue;
    const bytes = fromHex(address);
    overlay.clearStorage(bytes);
    overlay.setAccount(bytes, null);
  }
  await evm.journal.cleanup(); // EIP-161: touched accounts that are empty go
  const error = execResult.exceptionError;
  return {
    failure: error === undefined ? null : failureOf(error),
    gasUsed, gasBeforeRefund: max(gasBeforeRefund, message.floorGas),
    returnData: execResult.returnValue,
    logs: error === undefined ? (execResult.logs ?? []).map(([address, topics, data]) => ({ address, topics, data })) : [],
    contractAddress: message.to === null ? contractAddressOf(message.sender, message.nonce) : null,
  };
}

/** EIP-2929, 2930 and 3651: what is warm from the start. */
function warm({ evm, rules }: Lane, { header }: EvmBlock, message: Message): void {
  const { journal } = evm;
  // Our own journal knows the precompiles.
  if (!rules.quick) for (const address of evm.precompiles.keys()) journal.addAlwaysWarmAddress(address);
  journal.addAlwaysWarmAddress(toHex(message.sender));
  if (header.coinbase !== undefined && evm.common.isActivatedEIP(3651)) journal.addAlwaysWarmAddress(toHex(header.coinbase.bytes));
  if (message.to !== null) journal.addAlwaysWarmAddress(toHex(message.to));
  for (const { address, storageKeys } of message.accessList) {
    const key = toHex(address);
    journal.addAlwaysWarmAddress(key);
    for (const slot of storageKeys) journal.addAlwaysWarmSlot(key, toHex(slot));
  }
}

function failureOf(error: EVMError): NonNullable<Outcome['failure']> {
  if (error.error === EVMError.errorMessages.REVERT) return { code: 'executionReverted', message: failureWords(error.error) };
  if (error.error === EVMError.errorMessages.OUT_OF_GAS) return { code: 'outOfGas', message: 'out of gas' };
  return { code: 'executionFailed', message: failureWords(error.error) };
}

/** The address that a deployment by this sender with this nonce makes (Yellow Paper section 7). */
export function contractAddressOf(sender: Bytes, nonce: bigint): Bytes {
  const encodedNonce = encodeInteger(nonce);
  return keccak256(Uint8Array.of(...listHeader(21 + encodedNonce.length), 0x94, ...sender, ...encodedNonce)).subarray(12);
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
