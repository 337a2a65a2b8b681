import { equalBytes, type Bytes } from '#ledger';
import { EMPTY_CODE_HASH } from '../crypto/keccak.js';
import type { BaseState } from '../state/overlay.js';
import type { CallRequest } from './executor.js';
import { ED25519_ADDRESS } from '../system/addresses.js';
import { isRecords } from '../records/address.js';

/**
 * Whether a transaction to this address may run code: it creates a contract, calls one, or calls a precompile. What does not is
 * bounded work of microseconds. In a block where none does, none can: code comes from creations only.
 */
export function touchesCode(state: BaseState, to: Bytes | null): boolean {
  if (to === null) return true;
  if (isRecords(to)) return false;
  if (isPrecompile(to)) return true;
  const account = state.account(to);
  return account !== null && !equalBytes(account.codeHash, EMPTY_CODE_HASH);
}

/** Addresses up to 0xffff are kept for them: Ethereum's are 1 to 0x11 and 0x100. Ours stands beside the system contracts. */
function isPrecompile(address: Bytes): boolean {
  return address[0] === 0 && (address.subarray(0, 18).every((byte) => byte === 0) || equalBytes(address, ED25519_ADDRESS));
}

export function callTouchesCode(state: BaseState, { to, overrides }: CallRequest): boolean {
  return (overrides?.length ?? 0) > 0 || touchesCode(state, to ?? null);
}

/** A plain transfer to an account without code costs exactly 21,000. */
export function isPlainTransfer(state: BaseState, request: CallRequest): boolean {
  return (request.data?.length ?? 0) === 0 && (request.accessList?.length ?? 0) === 0 && !callTouchesCode(state, request) && !isRecords(request.to ?? null);
}
