import { equalBytes, fromHex, type AccountState, type Bytes } from '#ledger';
import { keccak256 } from '../crypto/keccak.js';
import { CONSORTIUM_ADDRESS, PERMISSIONS_ADDRESS } from './addresses.js';
import { CONSORTIUM_CODE, PERMISSIONS_CODE } from './code.js';

export interface AccountReader {
  account(address: Bytes): AccountState | null;
}

const CONSORTIUM_HASH = keccak256(fromHex(CONSORTIUM_CODE));
const PERMISSIONS_HASH = keccak256(fromHex(PERMISSIONS_CODE));

const hasCode = (state: AccountReader, address: Bytes, codeHash: Bytes): boolean => equalBytes(state.account(address)?.codeHash ?? new Uint8Array(0), codeHash);

/**
 * Whether Consortium runs the code of this program, which raises a revision with every change. What members have put in its place may not: then a
 * validator that remembers by revision and one that has just started would read different things in one state.
 */
export const isOwnConsortium = (state: AccountReader): boolean => hasCode(state, CONSORTIUM_ADDRESS, CONSORTIUM_HASH);

/** The same of Permissions. */
export const isOwnPermissions = (state: AccountReader): boolean => hasCode(state, PERMISSIONS_ADDRESS, PERMISSIONS_HASH);
