import type { Bytes } from '#ledger';
import type { AccessListEntry } from './admitted.js';

/** Gas that a transaction costs before its first opcode, under osaka. */
export interface IntrinsicGas {
  intrinsicGas: number;
  floorGas: number;
}

/** EIP-3860. */
export const MAX_INIT_CODE_BYTES = 49_152;

const BASE = 21_000;
const CREATION = 32_000; // EIP-2
const TOKEN = 4; // EIP-2028: a zero byte is one token, another four
const FLOOR_PER_TOKEN = 10; // EIP-7623
const INIT_CODE_WORD = 2; // EIP-3860
const ACCESS_ADDRESS = 2400; // EIP-2930
const ACCESS_KEY = 1900;

export function intrinsicGasOf(to: Bytes | null, data: Bytes, accessList: readonly AccessListEntry[]): IntrinsicGas {
  let zeros = 0;
  for (let i = 0; i < data.length; i++) if (data[i] === 0) zeros++;
  const tokens = zeros + 4 * (data.length - zeros);
  let gas = BASE + TOKEN * tokens;
  if (to === null) gas += CREATION + INIT_CODE_WORD * Math.ceil(data.length / 32);
  for (const entry of accessList) gas += ACCESS_ADDRESS + ACCESS_KEY * entry.storageKeys.length;
  return { intrinsicGas: gas, floorGas: BASE + FLOOR_PER_TOKEN * tokens };
}
