import { getOpcodesForHF } from '@ethereumjs/evm';
import type { Common } from '@ethereumjs/common';
import { Address } from '@ethereumjs/util';
import type { Bytes } from '#ledger';
import { keccak256 } from '../crypto/keccak.js';
import type { OverlayStateManager } from '../state/state-manager.js';
import type { CustomOpcode, RunState } from './custom-opcode.js';
import type { OpcodeListener } from './opcode-listener.js';
import { storageOpcodes } from './storage-opcodes.js';
import { newWord, wordAt, wordOf } from './words.js';

/**
 * Opcodes that the EVM library pads byte by byte through arrays of numbers: a CODECOPY of 24 KiB took more than a millisecond. The
 * same with typed arrays; gas is the library's.
 */

/** What legacy code sees of code in EVM object format (EIP-3540), as the library has it. */
const EOF_MAGIC = Uint8Array.of(0xef, 0);

const NOTHING: Bytes = new Uint8Array(0);
const LOG0 = 0xa0;

/** A part of data, with zeros beyond its end, into memory. */
function copy(state: RunState, data: Bytes, target: bigint, source: bigint, length: bigint): void {
  if (length === 0n) return;
  const part = new Uint8Array(Number(length));
  if (source < BigInt(data.length)) {
    const from = Number(source);
    part.set(data.subarray(from, from + part.length));
  }
  state.memory.write(Number(target), part.length, part);
}

const calldataLoad = (state: RunState): void => {
  const place = state.stack.pop();
  const data = state.interpreter.getCallData();
  // Without data the library has one zero byte; what is read is the same.
  state.stack.push(place >= BigInt(data.length) ? 0n : wordAt(data, Number(place)));
};

const calldataCopy = (state: RunState): void => {
  const [target, source, length] = state.stack.popN(3) as [bigint, bigint, bigint];
  copy(state, state.interpreter.getCallData(), target, source, length);
};

const codeCopy = (state: RunState): void => {
  const [target, source, length] = state.stack.popN(3) as [bigint, bigint, bigint];
  copy(state, state.interpreter.getCode(), target, source, length);
};

const mload = (state: RunState): void => {
  const place = Number(state.stack.pop());
  state.stack.push(wordAt(state.memory.read(place, 32, true), 0));
};

const mstore = (state: RunState): void => {
  const [place, value] = state.stack.popN(2) as [bigint, bigint];
  state.memory.write(Number(place), 32, wordOf(value));
};

const keccak = (state: RunState): void => {
  const [place, length] = state.stack.popN(2) as [bigint, bigint];
  state.stack.push(wordAt(keccak256(length === 0n ? NOTHING : state.memory.read(Number(place), Number(length), true)), 0));
};

const log = (state: RunState): void => {
  const [place, length] = state.stack.popN(2) as [bigint, bigint];
  const count = state.opCode - LOG0;
  const topics = count === 0 ? [] : state.stack.popN(count).map(newWord);
  const data = length === 0n ? NOTHING : state.memory.read(Number(place), Number(length));
  state.interpreter.log(data, count, topics);
  listenerOf(state)?.logged({ address: state.env.address.bytes, topics, data });
};

/** The library knows the state manager by its interface. */
export const listenerOf = ({ stateManager }: RunState): OpcodeListener | null => (stateManager as OverlayStateManager).listener;

const SYNC: readonly [opcode: number, name: string, (state: RunState) => void][] = [
  [0x20, 'KECCAK256', keccak], [0x35, 'CALLDATALOAD', calldataLoad], [0x37, 'CALLDATACOPY', calldataCopy], [0x39, 'CODECOPY', codeCopy], [0x51, 'MLOAD', mload], [0x52, 'MSTORE', mstore],
  ...[0, 1, 2, 3, 4].map((topics): [number, string, (state: RunState) => void] => [LOG0 + topics, 'LOG', log]),
];

/** EXTCODECOPY; the state manager’s promise is a settled one. */
async function extCodeCopy(state: RunState): Promise<void> {
  const [address, target, source, length] = state.stack.popN(4) as [bigint, bigint, bigint, bigint];
  if (length === 0n) return;
  const code = await state.stateManager.getCode(new Address(wordOf(address).slice(12)));
  copy(state, code[0] === 0xef && code[1] === 0 ? EOF_MAGIC : code, target, source, length);
}

/** @param common knows the prices already. */
export function quickOpcodes(common: Common): CustomOpcode[] {
  const { opcodes, dynamicGasHandlers } = getOpcodesForHF(common);
  const all: readonly [number, string, (state: RunState) => void | Promise<void>][] = [...SYNC, [0x3c, 'EXTCODECOPY', extCodeCopy]];
  return [...storageOpcodes(common), ...all.map(([opcode, opcodeName, logic]): CustomOpcode => {
    const gasFunction = dynamicGasHandlers.get(opcode);
    return { opcode, opcodeName, baseFee: opcodes.get(opcode)?.fee ?? 0, logicFunction: logic as CustomOpcode['logicFunction'], ...(gasFunction === undefined ? {} : { gasFunction: gasFunction as NonNullable<CustomOpcode['gasFunction']> }) };
  })];
}
