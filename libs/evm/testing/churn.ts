import type { Hex } from 'viem';
import { sha256, type Bytes, type GenesisAlloc } from '#ledger';
import { hex, type Wallet } from './wallet.js';

/** A contract in genesis that writes word 1 of its call data into the slot of word 0: PUSH1 32 CALLDATALOAD PUSH0 CALLDATALOAD SSTORE STOP. */
export const CHURN: GenesisAlloc = { address: new Uint8Array(20).fill(0xcc), balance: 0n, code: Uint8Array.of(0x60, 0x20, 0x35, 0x5f, 0x35, 0x55, 0x00) };

export const churnSlot = (n: number): Bytes => sha256(Buffer.from(`slot ${n}`));

/** Sets one of the contract's slots; 0 removes it. */
export function churn(wallet: Wallet, slot: number, value: number): Promise<Bytes> {
  const word = value.toString(16).padStart(64, '0');
  return wallet.sign({ to: hex(CHURN.address), gas: 100_000n, data: `${hex(churnSlot(slot))}${word}` as Hex });
}

/** Numbers that follow from a seed (mulberry32). */
export function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
