import { loop, OP, push, staticCall, times, DATA_TO_MEMORY } from './assembler.js';
import { precompileInputs } from './precompile-inputs.js';

/** One kind of worst block: transactions that call this code with this data until the block is full. */
export interface WorstCase {
  name: string;
  code: Uint8Array;
  data?: Uint8Array;
}

const { GAS, POP, DUP1 } = OP;
/** A number that differs in each round of a loop and each transaction: gas only falls, and a block's transactions fall differently. */
const FRESH = [GAS];
/** Spreads a counter over the keys of a tree. */
const HASHED = [GAS, ...push(0), OP.MSTORE, ...push(32), ...push(0), OP.KECCAK256];
const ACCOUNT = [...HASHED, ...push(96), OP.SHL, ...push(96), 0x1c];

function precompiles(): WorstCase[] {
  return precompileInputs().map(({ name, address, input }) => ({
    name: `precompile ${name}`, data: input,
    // The costliest single call takes some millions of gas: a loop ends when the next may not fit.
    code: loop(DATA_TO_MEMORY, staticCall(address, input.length), 3_000_000),
  }));
}

function state(): WorstCase[] {
  return [
    { name: 'SLOAD, cold, missing', code: loop([], times(8, [...HASHED, OP.SLOAD, POP])) },
    { name: 'SLOAD, warm', code: loop([], times(64, [OP.PUSH0, OP.SLOAD, POP])) },
    { name: 'SSTORE, fresh slots', code: loop([], [...FRESH, ...HASHED, OP.SSTORE]) },
    { name: 'SSTORE, warm, other value', code: loop([], times(32, [GAS, OP.PUSH0, OP.SSTORE])) },
    { name: 'TLOAD', code: loop([], times(64, [OP.PUSH0, OP.TLOAD, POP])) },
    { name: 'TSTORE, fresh slots', code: loop([], times(32, [GAS, DUP1, OP.TSTORE])) },
    { name: 'BALANCE, cold', code: loop([], times(8, [...ACCOUNT, OP.BALANCE, POP])) },
    { name: 'BALANCE, warm', code: loop([], times(64, [OP.PUSH0, OP.BALANCE, POP])) },
    { name: 'SELFBALANCE', code: loop([], times(128, [OP.SELFBALANCE, POP])) },
    { name: 'EXTCODESIZE, cold', code: loop([], times(8, [...ACCOUNT, OP.EXTCODESIZE, POP])) },
    { name: 'EXTCODEHASH, warm', code: loop([], times(64, [OP.PUSH0, OP.EXTCODEHASH, POP])) },
    { name: 'EXTCODECOPY, warm, 24 KiB', code: loop([], times(8, [...push(24_576), OP.PUSH0, OP.PUSH0, ...push(BIG_CODE), OP.EXTCODECOPY])) },
    { name: 'BLOCKHASH', code: loop([], times(64, [OP.PUSH0, OP.BLOCKHASH, POP])) },
  ];
}

/** An account with 24 KiB of code. */
export const BIG_CODE = 0xb16c0de00000000000n;

function calls(): WorstCase[] {
  const call = (kind: number, to: readonly number[], value: boolean): number[] => [OP.PUSH0, OP.PUSH0, OP.PUSH0, OP.PUSH0, ...(value ? [OP.PUSH0] : []), ...to, GAS, kind, POP];
  return [
    { name: 'CALL, warm, no code', code: loop([], times(16, call(OP.CALL, push(0xdead), true))) },
    { name: 'CALL, cold, no account', code: loop([], times(8, call(OP.CALL, ACCOUNT, true))) },
    { name: 'STATICCALL, 24 KiB of code that stops', code: loop([], times(16, call(OP.STATICCALL, push(BIG_CODE), false))) },
    { name: 'DELEGATECALL, 24 KiB of code that stops', code: loop([], times(16, call(OP.DELEGATECALL, push(BIG_CODE), false))) },
    { name: 'CREATE, empty', code: loop([], [OP.PUSH0, OP.PUSH0, OP.PUSH0, OP.CREATE, POP]) },
    { name: 'CREATE2, empty', code: loop([], [GAS, OP.PUSH0, OP.PUSH0, OP.PUSH0, OP.CREATE2, POP]) },
    // Init code that jumps: the library looks for its destinations each time.
    { name: 'CREATE2, 48 KiB of init code', code: loop([...push(0x60035600), OP.PUSH0, OP.MSTORE], [GAS, ...push(49_152), OP.PUSH0, OP.PUSH0, OP.CREATE2, POP]) },
  ];
}

function computing(): WorstCase[] {
  const big = (1n << 256n) - 189n;
  const two = (op: number): number[] => [...push(big - 5n), ...push(big), op, POP];
  const three = (op: number): number[] => [...push(big - 1n), ...push(big - 5n), ...push(big), op, POP];
  return [
    { name: 'JUMPDEST', code: loop([], times(20_000, [OP.JUMPDEST])) },
    { name: 'JUMP', code: loop([], []) },
    { name: 'PUSH0 POP', code: loop([], times(8000, [OP.PUSH0, POP])) },
    { name: 'PUSH32 POP', code: loop([], times(600, [...push(big), POP])) },
    { name: 'ADD', code: loop([...push(big)], times(8000, [DUP1, OP.ADD])) },
    { name: 'MUL', code: loop([...push(big)], times(8000, [DUP1, OP.MUL])) },
    { name: 'SDIV', code: loop([], times(200, two(OP.SDIV))) },
    { name: 'MULMOD', code: loop([], times(150, three(OP.MULMOD))) },
    { name: 'ADDMOD', code: loop([], times(150, three(OP.ADDMOD))) },
    { name: 'EXP, 32-byte exponent', code: loop([], times(100, two(OP.EXP))) },
    { name: 'EXP, 1-byte exponent', code: loop([], times(200, [...push(255), ...push(big), OP.EXP, POP])) },
    { name: 'SAR', code: loop([], times(500, [...push(big), ...push(3), OP.SAR, POP])) },
    { name: 'KECCAK256, 32 bytes', code: loop([], times(500, [...push(32), OP.PUSH0, OP.KECCAK256, POP])) },
    { name: 'KECCAK256, 32 KiB', code: loop([], times(8, [...push(32_768), OP.PUSH0, OP.KECCAK256, POP])) },
    { name: 'MSTORE', code: loop([], times(2000, [GAS, OP.PUSH0, OP.MSTORE])) },
    { name: 'MLOAD', code: loop([], times(2000, [OP.PUSH0, OP.MLOAD, POP])) },
    { name: 'MCOPY, 32 KiB', code: loop([], times(64, [...push(32_768), ...push(64), OP.PUSH0, OP.MCOPY])) },
    { name: 'CALLDATALOAD', code: loop([], times(2000, [OP.PUSH0, OP.CALLDATALOAD, POP])) },
    { name: 'CODECOPY, 24 KiB', code: loop([], times(64, [...push(24_000), OP.PUSH0, OP.PUSH0, OP.CODECOPY])) },
    { name: 'memory expansion, then out of gas', code: loop([], [GAS, ...push(0x10_0000), OP.ADD, OP.MLOAD, POP], 0) },
    { name: 'LOG0, no data', code: loop([], times(32, [OP.PUSH0, OP.PUSH0, OP.LOG0])) },
    { name: 'LOG4, no data', code: loop([], times(32, [...times(4, [GAS]), OP.PUSH0, OP.PUSH0, OP.LOG4])) },
    { name: 'LOG0, 32 KiB', code: loop([], [...push(32_768), OP.PUSH0, OP.LOG0], 400_000) },
  ];
}

export function worstCases(): WorstCase[] {
  return [...precompiles(), ...state(), ...calls(), ...computing()];
}
