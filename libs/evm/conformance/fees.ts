import { toHex } from '#ledger';
import type { Bytes } from '#ledger';
import { EMPTY_CODE_HASH } from '../src/crypto/keccak.js';
import type { Message } from '../src/execute/message.js';
import type { Overlay } from '../src/state/overlay.js';
import type { Fork } from './forks.js';

/** What a transaction offers; wei for each gas. */
export interface Fees {
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
  /** Blob gas that it takes, and the most it pays for each; null without blobs. */
  blobs: { gas: bigint; maxFeePerGas: bigint } | null;
}

export interface FeeBlock {
  coinbase: Bytes;
  baseFee: bigint;
  blobGasPrice: bigint;
}

/** Why fees keep a transaction out (EIP-1559, EIP-4844), in the words of the test format; null where they do not. */
export function feeFault(overlay: Overlay, { sender, gasLimit, value }: Message, fees: Fees, block: FeeBlock): string | null {
  if (fees.maxPriorityFeePerGas > fees.maxFeePerGas) return 'PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS';
  if (fees.maxFeePerGas < block.baseFee) return 'INSUFFICIENT_MAX_FEE_PER_GAS';
  if (fees.blobs !== null && fees.blobs.maxFeePerGas < block.blobGasPrice) return 'INSUFFICIENT_MAX_FEE_PER_BLOB_GAS';
  const most = gasLimit * fees.maxFeePerGas + value + (fees.blobs === null ? 0n : fees.blobs.gas * fees.blobs.maxFeePerGas);
  return (overlay.account(sender)?.balance ?? 0n) < most ? 'INSUFFICIENT_ACCOUNT_FUNDS' : null;
}

export function effectiveGasPrice({ maxFeePerGas, maxPriorityFeePerGas }: Fees, { baseFee }: FeeBlock): bigint {
  return maxFeePerGas < baseFee + maxPriorityFeePerGas ? maxFeePerGas : baseFee + maxPriorityFeePerGas;
}

/** Buys the gas, before the transaction runs. */
export function buyGas(overlay: Overlay, { sender, gasLimit }: Message, price: bigint, fees: Fees, block: FeeBlock): void {
  addBalance(overlay, sender, -(gasLimit * price + (fees.blobs?.gas ?? 0n) * block.blobGasPrice));
}

/** Gives back what was not used, and pays the coinbase; where that is nothing the coinbase is touched all the same (EIP-161). */
export function settle(overlay: Overlay, { sender, gasLimit }: Message, gasUsed: bigint, price: bigint, block: FeeBlock, fork: Fork): void {
  addBalance(overlay, sender, (gasLimit - gasUsed) * price);
  touchCoinbase(overlay, block, gasUsed * (price - block.baseFee), fork);
}

export function touchCoinbase(overlay: Overlay, { coinbase }: FeeBlock, reward: bigint, fork: Fork): void {
  addBalance(overlay, coinbase, reward);
  const account = overlay.account(coinbase);
  const isEmpty = account !== null && account.nonce === 0n && account.balance === 0n && toHex(account.codeHash) === toHex(EMPTY_CODE_HASH);
  if (isEmpty && fork.since('EIP158')) overlay.setAccount(coinbase, null);
}

function addBalance(overlay: Overlay, address: Bytes, amount: bigint): void {
  const account = overlay.account(address) ?? { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH };
  overlay.setAccount(address, { ...account, balance: account.balance + amount });
}

/** The price of blob gas (EIP-4844, `fake_exponential`). */
export function blobGasPrice(excessBlobGas: bigint): bigint {
  const fraction = 3_338_477n;
  let sum = 0n;
  let term = fraction;
  for (let i = 1n; term > 0n; i++) {
    sum += term;
    term = (term * excessBlobGas) / (fraction * i);
  }
  return sum / fraction;
}
