/** Byte code for the benches, by hand: what each block spends its gas on must be exactly what its name says. */

export const OP = {
  STOP: 0x00, ADD: 0x01, MUL: 0x02, DIV: 0x04, SDIV: 0x05, MOD: 0x06, SMOD: 0x07, ADDMOD: 0x08, MULMOD: 0x09, EXP: 0x0a, SIGNEXTEND: 0x0b, LT: 0x10, ISZERO: 0x15, BYTE: 0x1a, SHL: 0x1b, SAR: 0x1d,
  KECCAK256: 0x20, BALANCE: 0x31, CALLDATALOAD: 0x35, CALLDATASIZE: 0x36, CALLDATACOPY: 0x37, CODECOPY: 0x39, EXTCODESIZE: 0x3b, EXTCODECOPY: 0x3c, RETURNDATACOPY: 0x3e, EXTCODEHASH: 0x3f,
  BLOCKHASH: 0x40, SELFBALANCE: 0x47, POP: 0x50, MLOAD: 0x51, MSTORE: 0x52, MSTORE8: 0x53, SLOAD: 0x54, SSTORE: 0x55, JUMP: 0x56, JUMPI: 0x57, GAS: 0x5a, JUMPDEST: 0x5b, TLOAD: 0x5c, TSTORE: 0x5d, MCOPY: 0x5e, PUSH0: 0x5f,
  DUP1: 0x80, DUP2: 0x81, SWAP1: 0x90, LOG0: 0xa0, LOG4: 0xa4, CREATE: 0xf0, CALL: 0xf1, RETURN: 0xf3, DELEGATECALL: 0xf4, CREATE2: 0xf5, STATICCALL: 0xfa, REVERT: 0xfd,
} as const;

/** PUSH of a value, in as few bytes as it takes. */
export function push(value: number | bigint): number[] {
  if (BigInt(value) === 0n) return [OP.PUSH0];
  const hex = BigInt(value).toString(16);
  const bytes = [...Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')];
  return [0x5f + bytes.length, ...bytes];
}

export function times(count: number, body: readonly number[]): number[] {
  return Array.from({ length: count }, () => body).flat();
}

/** Does `before` once, then `body` for as long as more gas than `reserve` is left. */
export function loop(before: readonly number[], body: readonly number[], reserve = 60_000): Uint8Array {
  const top = before.length;
  return Uint8Array.from([...before, OP.JUMPDEST, ...body, OP.GAS, ...push(reserve), OP.LT, ...[0x61, top >> 8, top & 0xff], OP.JUMPI, OP.STOP]);
}

/** STATICCALL with memory 0 … `inSize` as input; the answer is dropped. */
export function staticCall(address: number | bigint, inSize: number, outSize = 0): number[] {
  return [...push(outSize), ...push(0), ...push(inSize), ...push(0), ...push(address), OP.GAS, OP.STATICCALL, OP.POP];
}

/** The transaction's data, in memory from 0. */
export const DATA_TO_MEMORY: readonly number[] = [OP.CALLDATASIZE, ...push(0), ...push(0), OP.CALLDATACOPY];
