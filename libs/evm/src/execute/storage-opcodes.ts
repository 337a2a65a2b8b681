import { EVMError } from '@ethereumjs/evm';
import type { Common } from '@ethereumjs/common';
import type { Overlay } from '../state/overlay.js';
import type { OverlayStateManager } from '../state/state-manager.js';
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

/** Whether the slot had not been accessed yet. */
function isCold(state: RunState, key: Uint8Array): boolean {
  const { journal } = state.interpreter;
  const address = state.interpreter.getAddress().bytes;
  if (journal.isWarmedStorage(address, key)) return false;
  journal.addWarmedStorage(address, key);
  return true;
}

function loadGas({ warm, cold }: Prices, state: RunState, gas: bigint): bigint {
  return gas + (isCold(state, newWord(state.stack.peek()[0] as bigint)) ? cold : warm);
}

function load(state: RunState): void {
  const value = overlayOf(state).storage(state.interpreter.getAddress().bytes, newWord(state.stack.pop()));
  state.stack.push(numberOf(value));
}

function storeGas(prices: Prices, state: RunState, gas: bigint): bigint {
  if (state.interpreter.isStatic()) throw new EVMError(STATIC_STATE_CHANGE);
  const [slot, value] = state.stack.peek(2) as [bigint, bigint];
  const [key, address, overlay] = [newWord(slot), state.interpreter.getAddress().bytes, overlayOf(state)];
  if (state.gasLeft <= prices.sentry) throw new EVMError(OUT_OF_GAS);
  const current = numberOf(overlay.storage(address, key));
  const access = isCold(state, key) ? prices.cold : 0n;
  if (current === value) return gas + access + prices.warm;
  const original = numberOf(overlay.originalStorage(address, key));
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
  overlayOf(state).setStorage(state.interpreter.getAddress().bytes, newWord(slot), newWord(value));
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
