import { EVMError, type EVM } from '@ethereumjs/evm';
import type { Bytes } from '#ledger';
import type { RunState } from './custom-opcode.js';
import { listenerOf } from './opcodes.js';
import { wordOf } from './words.js';

/**
 * The EVM library's own loop waits for a promise at each opcode; nine of ten need none. This loop is the same without them: base
 * gas, dynamic gas, handler, in the library's order and with the library's handlers. It also keeps what it has found out about a
 * code's jump destinations, which the library works out anew for each call. What it leaves out is not part of `osaka`: EOF, Verkle
 * and binary trees, block access lists, and the library's debugging.
 */

type Handler = (state: RunState, common: EVM['common']) => Promise<void> | void;
type GasHandler = (state: RunState, gas: bigint, common: EVM['common']) => Promise<bigint> | bigint;

interface OpcodeEntry {
  opcodeInfo: { code: number; feeBigInt: bigint; dynamicGas: boolean; isInvalid: boolean };
  opHandler: Handler;
  gasHandler: GasHandler;
}

/** What the loop uses of the library's interpreter. */
interface Interpreter {
  _runState: RunState;
  _evm: { _opcodeMap: OpcodeEntry[]; common: EVM['common']; DEBUG: boolean; events?: { listenerCount(event: string): number } };
  run(code: Uint8Array, options?: { pc?: number }): Promise<Result>;
  _getValidJumpDestinations(code: Uint8Array): Destinations;
}

interface Result {
  runState: RunState;
  exceptionError: EVMError | undefined;
}

interface Destinations {
  jumps: Uint8Array;
  pushes: Record<number, bigint>;
}

const JUMP = 0x56;
const JUMPI = 0x57;
const MLOAD = 0x51;
const MSTORE = 0x52;

/** The opcode of the call that is being made: what a message does not tell. */
let lastCall = 0;
const FIRST_CALL = 0xf0;
const SELFDESTRUCT = 0xff;

export function callOpcode(): number {
  return lastCall;
}

/** By the code's own array, which the store keeps while it is used; the oldest goes first. */
const known = new Map<Bytes, Destinations>();
const MAX_KNOWN = 64;
const MAX_PLACE = 1n << 32n;

/** Puts the loop in the place of the library's, for every interpreter of this kind; once. */
export function useLoop(someInterpreter: unknown): void {
  const kind = Object.getPrototypeOf(someInterpreter) as Interpreter & { steleLoop?: true };
  if (kind.steleLoop === true) return;
  kind.steleLoop = true;
  kind.run = function (this: Interpreter, code: Uint8Array, options?: { pc?: number }): Promise<Result> {
    return run(this, code, options?.pc ?? 0);
  };
}

async function run(interpreter: Interpreter, code: Uint8Array, pc: number): Promise<Result> {
  const state = interpreter._runState;
  const { _opcodeMap: opcodes, common } = interpreter._evm;
  state.code = code;
  state.programCounter = pc;
  let exceptionError: EVMError | undefined;
  let analysed = useKnown(state, code);
  try {
    while (state.programCounter < code.length) {
      const op = code[state.programCounter] as number;
      if (!analysed && (op === JUMP || op === JUMPI)) analysed = analyse(interpreter, code);
      const entry = opcodes[op] as OpcodeEntry;
      const { opcodeInfo } = entry;
      state.opCode = opcodeInfo.code;
      let gas = opcodeInfo.feeBigInt;
      if (opcodeInfo.dynamicGas && !((op === MLOAD || op === MSTORE) && isWithinMemory(state))) {
        const charged = entry.gasHandler(state, gas, common);
        gas = typeof charged === 'bigint' ? charged : await charged;
      }
      if (opcodeInfo.isInvalid) throw new EVMError(EVMError.errorMessages.INVALID_OPCODE);
      state.gasLeft -= gas;
      if (state.gasLeft < 0n) {
        state.gasLeft = 0n;
        throw new EVMError(EVMError.errorMessages.OUT_OF_GAS);
      }
      state.programCounter++;
      if (op >= FIRST_CALL) {
        lastCall = op;
        if (op === SELFDESTRUCT) tellSelfDestruct(state);
      }
      const done = entry.opHandler(state, common);
      if (done !== undefined) await done;
    }
  } catch (error) {
    if (!(error instanceof EVMError)) throw error;
    if (error.error !== EVMError.errorMessages.STOP) exceptionError = error;
  }
  return { runState: state, exceptionError };
}

/** Its gas is paid, and that it may write was looked at with the gas. */
function tellSelfDestruct(state: RunState): void {
  const listener = listenerOf(state);
  if (listener !== null && state.stack.length > 0) listener.selfDestructs(state.env.address.bytes, wordOf(state.stack.peek()[0] as bigint).slice(12));
}

/** A word within the memory that is paid for costs nothing beside the opcode's own fee. */
function isWithinMemory({ stack, memoryWordCount }: RunState): boolean {
  if (stack.length === 0) return false;
  const place = stack.peek()[0] as bigint;
  return place < MAX_PLACE && place + 32n <= memoryWordCount * 32n;
}

function useKnown(state: RunState, code: Uint8Array): boolean {
  const destinations = known.get(code);
  if (destinations === undefined) return false;
  use(state, destinations);
  return true;
}

function analyse(interpreter: Interpreter, code: Uint8Array): true {
  const { jumps, pushes } = interpreter._getValidJumpDestinations(code);
  known.set(code, { jumps, pushes });
  const oldest = known.keys().next();
  if (known.size > MAX_KNOWN && oldest.done !== true) known.delete(oldest.value);
  use(interpreter._runState, { jumps, pushes });
  return true;
}

function use(state: RunState, { jumps, pushes }: Destinations): void {
  state.validJumps = jumps;
  state.cachedPushes = pushes;
  state.shouldDoJumpAnalysis = false;
}
