import { fromHex, sha256, toHex, type Bytes } from '#ledger';
import { EMPTY_STATE, Overlay } from '../src/state/overlay.js';
import { AccessCheck, AccessMemory, type AccessQuestion } from '../src/system/access.js';
import { MEMBER_AT, ONLY_ROLES, ROLES_AT, TRANSACT } from '../src/system/access-word.js';
import { PERMISSIONS_ADDRESS } from '../src/system/addresses.js';
import { PERMISSIONS_CODE } from '../src/system/code.js';
import { ACCESS_HEAD, mappingSlot, packed, PERMISSIONS_SLOTS, slot } from '../src/system/layout.js';

const ACCOUNTS = 1000;
const ROUNDS = 200;
const TARGET = new Uint8Array(20).fill(7);
const CALL = Uint8Array.of(0xa9, 0x05, 0x9c, 0xbb);

/** Nanoseconds that the look at one transaction's permissions takes, in the middle of blocks. */
export interface PermissionCosts {
  /** An open chain on which nothing has a rule. */
  openNs: number;
  /** Members' accounts only, each seen before. */
  accountNs: number;
  /** The same with one role for one function. */
  roleNs: number;
  /** The same, each account for the first time: two or three reads of storage, kept in memory here. */
  firstNs: number;
}

function stateOf(access: number, word: bigint, ruled: number): Overlay {
  const state = new Overlay(EMPTY_STATE);
  state.setCode(PERMISSIONS_ADDRESS, fromHex(PERMISSIONS_CODE));
  const put = (at: Bytes, value: bigint): void => state.setStorage(PERMISSIONS_ADDRESS, at, slot(value));
  put(slot(PERMISSIONS_SLOTS.head), packed(ACCESS_HEAD, { access, revision: 1, ruled }));
  for (let i = 0; i < ACCOUNTS; i++) put(mappingSlot(senderOf(i), slot(PERMISSIONS_SLOTS.words)), word);
  put(mappingSlot(slot((BigInt(`0x${toHex(TARGET)}`) << 40n) | 0xa9059cbbn), mappingSlot(slot(1), slot(PERMISSIONS_SLOTS.allowed))), 1n);
  return state;
}

const senderOf = (i: number): Bytes => sha256(slot(i)).slice(0, 20);

function nsEach(state: Overlay, rounds: number, fresh: boolean): number {
  const questions: AccessQuestion[] = Array.from({ length: ACCOUNTS }, (_, i) => ({ sender: senderOf(i), senderKey: toHex(senderOf(i)), to: TARGET, data: CALL }));
  const memory = new AccessMemory();
  const warm = new AccessCheck(state, state, memory);
  if (!fresh) for (const question of questions) warm.fault(question);
  let refused = 0;
  const beganMs = performance.now();
  for (let round = 0; round < rounds; round++) {
    const check = fresh ? new AccessCheck(state, state, new AccessMemory()) : new AccessCheck(state, state, memory);
    for (const question of questions) refused += check.fault(question) === null ? 0 : 1;
  }
  const ns = ((performance.now() - beganMs) * 1e6) / (rounds * ACCOUNTS);
  if (refused > 0) throw new Error(`${refused} were refused`);
  return Math.round(ns);
}

export function measurePermissions(): PermissionCosts {
  const [open, account, role] = [stateOf(0, 0n, 0), stateOf(1, TRANSACT | 32n | (1n << MEMBER_AT), ACCOUNTS), stateOf(1, TRANSACT | ONLY_ROLES | 32n | (1n << MEMBER_AT) | (1n << ROLES_AT), ACCOUNTS)];
  for (const state of [open, account, role]) nsEach(state, 5, true);
  return { openNs: nsEach(open, ROUNDS, false), accountNs: nsEach(account, ROUNDS, false), roleNs: nsEach(role, ROUNDS, false), firstNs: nsEach(role, 10, true) };
}
