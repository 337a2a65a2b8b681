import type { AccountFields, StateManagerInterface } from '@ethereumjs/common';
import { Account, type Address } from '@ethereumjs/util';
import { toHex, type Bytes } from '#ledger';
import { EMPTY_CODE_HASH } from '../crypto/keccak.js';
import { EvmError } from '../errors.js';
import type { OpcodeListener } from '../execute/opcode-listener.js';
import type { Overlay } from './overlay.js';

/** A storage root that is not that of nothing. */
const SOME_STORAGE = new Uint8Array(32);

/**
 * The EVM library's view of an overlay. Its promises are all settled at once: nothing here waits. The overlay is put in before
 * each run, so that one EVM serves many.
 */
export class OverlayStateManager implements StateManagerInterface {
  private current: Overlay | null = null;
  /** While a transaction is traced. */
  listener: OpcodeListener | null = null;
  /**
   * Accounts in hex that hold storage and have neither code nor nonce, on which nothing can be created (EIP-7610). No chain has any, as a
   * contract begins with nonce 1; the public tests do.
   */
  storageWithoutCode: ReadonlySet<string> = new Set();

  readonly originalStorageCache = {
    get: async (address: Address, key: Uint8Array): Promise<Uint8Array> => this.overlay.originalStorage(address.bytes, key),
    clear: (): void => undefined,
  };

  use(overlay: Overlay | null): void {
    this.current = overlay;
  }

  get overlay(): Overlay {
    if (this.current === null) throw new EvmError('executionFailed', 'no state is set');
    return this.current;
  }

  async getAccount(address: Address): Promise<Account | undefined> {
    const account = this.overlay.account(address.bytes);
    if (account === null) return undefined;
    const storageRoot = this.storageWithoutCode.size > 0 && this.storageWithoutCode.has(toHex(address.bytes)) ? SOME_STORAGE : undefined;
    return new Account(account.nonce, account.balance, storageRoot, account.codeHash, null);
  }

  async putAccount(address: Address, account?: Account): Promise<void> {
    this.overlay.setAccount(address.bytes, account === undefined ? null : { nonce: account.nonce, balance: account.balance, codeHash: account.codeHash });
  }

  async deleteAccount(address: Address): Promise<void> {
    this.overlay.setAccount(address.bytes, null);
  }

  async modifyAccountFields(address: Address, fields: AccountFields): Promise<void> {
    const account = this.overlay.account(address.bytes) ?? { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH };
    this.overlay.setAccount(address.bytes, {
      nonce: fields.nonce ?? account.nonce,
      balance: fields.balance ?? account.balance,
      codeHash: fields.codeHash ?? account.codeHash,
    });
  }

  async putCode(address: Address, code: Bytes): Promise<void> {
    this.overlay.setCode(address.bytes, code);
  }

  async getCode(address: Address): Promise<Bytes> {
    return this.overlay.code(address.bytes);
  }

  async getCodeSize(address: Address): Promise<number> {
    return this.overlay.code(address.bytes).length;
  }

  async getStorage(address: Address, key: Bytes): Promise<Bytes> {
    return this.overlay.storage(address.bytes, key);
  }

  async putStorage(address: Address, key: Bytes, value: Bytes): Promise<void> {
    this.overlay.setStorage(address.bytes, key, value);
  }

  async clearStorage(address: Address): Promise<void> {
    this.overlay.clearStorage(address.bytes);
  }

  async checkpoint(): Promise<void> {
    this.overlay.checkpoint();
  }

  async commit(): Promise<void> {
    this.overlay.commit();
  }

  async revert(): Promise<void> {
    this.overlay.revert();
  }

  /** The tree is updated once per block, never by the library. */
  async getStateRoot(): Promise<Bytes> {
    throw new EvmError('executionFailed', 'the state root is not the library’s to ask for');
  }

  async setStateRoot(): Promise<void> {
    throw new EvmError('executionFailed', 'the state root is not the library’s to set');
  }

  async hasStateRoot(): Promise<boolean> {
    return false;
  }

  clearCaches(): void {
    // The overlay's reads stay valid as long as it lives.
  }

  shallowCopy(): StateManagerInterface {
    const copy = new OverlayStateManager();
    copy.use(this.current);
    return copy;
  }
}
