import { toHex, type Bytes, type AccountState } from '#ledger';
import { EMPTY_CODE_HASH, keccak256 } from '../crypto/keccak.js';

/** What an overlay lies on. */
export interface BaseState {
  account(address: Bytes): AccountState | null;
  storage(address: Bytes, slot: Bytes): Bytes;
  codeByHash(codeHash: Bytes): Bytes;
}

/** A state with nothing in it. */
export const EMPTY_STATE: BaseState = {
  account: () => null,
  storage: () => new Uint8Array(32),
  codeByHash: () => new Uint8Array(0),
};

type Undo = () => void;
interface Slots {
  /** Written here; the values that execution sees: without leading zeros. */
  written: Map<string, Bytes>;
  /** Read from below and kept, because what is below never changes under an overlay. */
  read: Map<string, Bytes>;
  /** What the slots written by the running transaction held when it began (EIP-2200). */
  originals: Map<string, Bytes>;
}

const NOTHING: Bytes = new Uint8Array(0);

/**
 * Changes on top of a state, with nested checkpoints. Each write leaves a step that undoes it, so a checkpoint costs nothing and
 * a revert costs what was written since. Keys are lowercase hex. Account objects are never changed in place.
 */
export class Overlay {
  readonly accounts = new Map<string, AccountState | null>();
  readonly slots = new Map<string, Slots>();
  readonly codes = new Map<string, Bytes>();
  private readonly readAccounts = new Map<string, AccountState | null>();
  /** Slots of which the running transaction has written some. */
  private readonly withOriginals = new Set<Slots>();
  /** Accounts whose storage below is not seen (state overrides). */
  private readonly wiped = new Set<string>();
  private undo: Undo[] = [];
  private checkpoints: number[] = [];

  constructor(private readonly base: BaseState) {}

  account(address: Bytes, key = toHex(address)): AccountState | null {
    const written = this.accounts.get(key);
    return written === undefined ? this.accountBelow(address, key) : written;
  }

  /** What lies below, whatever was written here. */
  accountBelow(address: Bytes, key: string): AccountState | null {
    let read = this.readAccounts.get(key);
    if (read === undefined) this.readAccounts.set(key, (read = this.base.account(address)));
    return read;
  }

  setAccount(address: Bytes, account: AccountState | null, key = toHex(address)): void {
    const previous = this.accounts.get(key);
    this.undo.push(() => restore(this.accounts, key, previous));
    this.accounts.set(key, account);
  }

  code(address: Bytes): Bytes {
    const account = this.account(address);
    return account === null ? NOTHING : this.codeByHash(account.codeHash);
  }

  codeByHash(codeHash: Bytes): Bytes {
    return this.codes.get(toHex(codeHash)) ?? this.base.codeByHash(codeHash);
  }

  setCode(address: Bytes, code: Bytes): void {
    const codeHash = code.length === 0 ? EMPTY_CODE_HASH : keccak256(code);
    if (code.length > 0) this.codes.set(toHex(codeHash), code);
    this.setAccount(address, { ...(this.account(address) ?? { nonce: 0n, balance: 0n }), codeHash });
  }

  /** Without leading zeros, empty for zero: as the EVM library has it. */
  storage(address: Bytes, slot: Bytes, key = toHex(address), slotKey = toHex(slot)): Bytes {
    const slots = this.slotsOf(key);
    const written = slots.written.get(slotKey);
    if (written !== undefined) return written;
    let read = slots.read.get(slotKey);
    if (read === undefined) slots.read.set(slotKey, (read = this.wiped.has(key) ? NOTHING : trimZeros(this.base.storage(address, slot))));
    return read;
  }

  setStorage(address: Bytes, slot: Bytes, value: Bytes, key = toHex(address), slotKey = toHex(slot)): void {
    const slots = this.slotsOf(key);
    if (!slots.originals.has(slotKey)) slots.originals.set(slotKey, this.storage(address, slot, key, slotKey));
    if (slots.originals.size === 1) this.withOriginals.add(slots);
    const { written } = slots;
    const previous = written.get(slotKey);
    this.undo.push(() => restore(written, slotKey, previous));
    written.set(slotKey, trimZeros(value));
  }

  /** The slot's value when the transaction began (EIP-2200). */
  originalStorage(address: Bytes, slot: Bytes, key = toHex(address), slotKey = toHex(slot)): Bytes {
    return this.slots.get(key)?.originals.get(slotKey) ?? this.storage(address, slot, key, slotKey);
  }

  /**
   * Zeroes what this overlay wrote of an account's storage. Nothing can be below: only a contract of this very transaction is
   * ever cleared (EIP-6780).
   */
  clearStorage(address: Bytes): void {
    const written = this.slots.get(toHex(address))?.written;
    if (written === undefined) return;
    for (const [slotKey, previous] of [...written]) {
      this.undo.push(() => restore(written, slotKey, previous));
      written.set(slotKey, NOTHING);
    }
  }

  /** Hides the storage below (state overrides); not undone by a revert. */
  wipeStorage(address: Bytes): void {
    this.wiped.add(toHex(address));
    this.slots.delete(toHex(address));
  }

  checkpoint(): void {
    this.checkpoints.push(this.undo.length);
  }

  commit(): void {
    this.checkpoints.pop();
  }

  revert(): void {
    const mark = this.checkpoints.pop() ?? 0;
    for (let i = this.undo.length - 1; i >= mark; i--) (this.undo[i] as Undo)();
    this.undo.length = mark;
  }

  /** Undoes all since the transaction began, however many checkpoints are open. */
  revertAll(): void {
    this.checkpoints = [];
    this.revert();
  }

  /** Between two transactions: what came before cannot be undone any more. */
  beginTransaction(): void {
    for (const { originals } of this.withOriginals) originals.clear();
    this.withOriginals.clear();
    this.undo = [];
    this.checkpoints = [];
  }

  private slotsOf(key: string): Slots {
    let slots = this.slots.get(key);
    if (slots === undefined) this.slots.set(key, (slots = { written: new Map(), read: new Map(), originals: new Map() }));
    return slots;
  }
}

function restore<T>(map: Map<string, T>, key: string, previous: T | undefined): void {
  if (previous === undefined) map.delete(key);
  else map.set(key, previous);
}

export function trimZeros(bytes: Bytes): Bytes {
  let zeros = 0;
  while (zeros < bytes.length && bytes[zeros] === 0) zeros++;
  return zeros === 0 ? bytes : bytes.slice(zeros);
}

/** 32 bytes of a value without leading zeros. */
export function padWord(bytes: Bytes): Bytes {
  if (bytes.length === 32) return bytes;
  const word = new Uint8Array(32);
  word.set(bytes, 32 - bytes.length);
  return word;
}
