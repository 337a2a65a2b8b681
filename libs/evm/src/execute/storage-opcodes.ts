import { EVMError } from '@ethereumjs/evm';
import type { Common } from '@ethereumjs/common';
import { toHex } from '#ledger';
import type { Overlay } from '../state/overlay.js';
import type { OverlayStateManager } from '../state/state-manager.js';
import type { AccessJournal } from './access-journal.js';
import type { CustomOpcode, RunState } from './custom-opcode.js';
import { newWord, numberOf } from './words.js';

/**
 * SLOAD, SSTORE, TLOAD, TSTORE. The EVM library makes each key and value through hexadecimal text and arrays of numbers, twice, and waits
 * for promises: half of the time of a write. Gas as in EIP-2200, EIP-2929 and EIP-3529.
 */

const { OUT_OF_GAS, STATIC_STATE_CHANGE } = EVMError.errorMessages;

const overlayOf = (state: RunState): Overlay => (state.stateManager as unknown as OverlayStateManager).overlay;

interface Prices {
  warm: bigint;
  cold: bigint;
  sentry: bigint;
  create: bigint;
  write: bigint;
  clearRefund: bigint;
}

function pricesOf(common: Common): Prices {
  const warm = common.param('warmstoragereadGas');
  return {
    warm, cold: common.param('coldsloadGas'), sentry: common.param('sstoreSentryEIP2200Gas'), create: common.param('sstoreInitEIP2200Gas'),
    write: common.param('sstoreCleanEIP2200Gas'), clearRefund: common.param('sstoreClearRefundEIP2200Gas'),
  };
}

/** A slot in the forms in which it is asked for. */
interface Slot {
  address: Uint8Array;
  addressKey: string;
  number: bigint;
  bytes: Uint8Array;
  key: string;
}

/** The one that was asked for last: gas and opcode ask for the same. */
let last: Slot = { address: new Uint8Array(0), addressKey: '', number: -1n, bytes: new Uint8Array(0), key: '' };

function slotOf(state: RunState, number: bigint): Slot {
  const address = state.interpreter.getAddress().bytes;
  const isSame = address === last.address;
  if (isSame && number === last.number) return last;
  const bytes = newWord(number);
  last = { address, addressKey: isSame ? last.addressKey : toHex(address), number, bytes, key: toHex(bytes) };
  return last;
}

/** Whether the slot had not been accessed yet. */
function isCold(state: RunState, { addressKey, key }: Slot): boolean {
  const journal = state.interpreter.journal as unknown as AccessJournal;
  if (journal.isWarmSlot(addressKey, key)) return false;
  journal.warmSlot(addressKey, key);
  return true;
}

function loadGas({ warm, cold }: Prices, state: RunState, gas: bigint): bigint {
  return gas + (isCold(state, slotOf(state, state.stack.peek()[0] as bigint)) ? cold : warm);
}

function load(state: RunState): void {
  const { address, bytes, addressKey, key } = slotOf(state, state.stack.pop());
  state.stack.push(numberOf(overlayOf(state).storage(address, bytes, addressKey, key)));
}

function storeGas(prices: Prices, state: RunState, gas: bigint): bigint {
  if (state.interpreter.isStatic()) throw new EVMError(STATIC_STATE_CHANGE);
  const [slot, value] = state.stack.peek(2) as [bigint, bigint];
  if (state.gasLeft <= prices.sentry) throw new EVMError(OUT_OF_GAS);
  const place = slotOf(state, slot);
  const { address, bytes, addressKey, key } = place;
  const overlay = overlayOf(state);
  const current = numberOf(overlay.storage(address, bytes, addressKey, key));
  const access = isCold(state, place) ? prices.cold : 0n;
  if (current === value) return gas + access + prices.warm;
  const original = numberOf(overlay.originalStorage(address, bytes, addressKey, key));
  if (original === current) {
    if (original === 0n) return gas + access + prices.create;
    if (value === 0n) state.interpreter.refundGas(prices.clearRefund);
    return gas + access + prices.write;
  }
  if (original !== 0n) {
    if (current === 0n) state.interpreter.subRefund(prices.clearRefund);
    else if (value === 0n) state.interpreter.refundGas(prices.clearRefund);
  }
  if (original === value) state.interpreter.refundGas((original === 0n ? prices.create : prices.write) - prices.warm);
  return gas + access + prices.warm;
}

function store(state: RunState): void {
  const [slot, value] = state.stack.popN(2) as [bigint, bigint];
  const { address, bytes, addressKey, key } = slotOf(state, slot);
  overlayOf(state).setStorage(address, bytes, newWord(value), addressKey, key);
}

function loadTransient(state: RunState): void {
  state.stack.push(numberOf(state.interpreter.transientStorageLoad(newWord(state.stack.pop()))));
}

function storeTransient(state: RunState): void {
  if (state.interpreter.isStatic()) throw new EVMError(STATIC_STATE_CHANGE);
  const [slot, value] = state.stack.popN(2) as [bigint, bigint];
  state.interpreter.transientStorageStore(newWord(slot), newWord(value));
}

/** @param common knows the prices already. */
export function storageOpcodes(common: Common): CustomOpcode[] {
  const prices = pricesOf(common);
  const gasOf = (rule: typeof loadGas): NonNullable<CustomOpcode['gasFunction']> => ((state: RunState, gas: bigint) => rule(prices, state, gas)) as unknown as NonNullable<CustomOpcode['gasFunction']>;
  const transientGas = Number(prices.warm);
  return [
    { opcode: 0x54, opcodeName: 'SLOAD', baseFee: 0, gasFunction: gasOf(loadGas), logicFunction: load as CustomOpcode['logicFunction'] },
    { opcode: 0x55, opcodeName: 'SSTORE', baseFee: 0, gasFunction: gasOf(storeGas), logicFunction: store as CustomOpcode['logicFunction'] },
    { opcode: 0x5c, opcodeName: 'TLOAD', baseFee: transientGas, logicFunction: loadTransient as CustomOpcode['logicFunction'] },
    { opcode: 0x5d, opcodeName: 'TSTORE', baseFee: transientGas, logicFunction: storeTransient as CustomOpcode['logicFunction'] },
  ];
}
