import { Address, bytesToUnprefixedHex, hexToBytes, type Account } from '@ethereumjs/util';
import type { OverlayStateManager } from '../state/state-manager.js';

/** RIPEMD-160 stays touched whatever is undone: main net's block 2,675,119 decided so (EIP-716). */
const RIPEMD160 = '0000000000000000000000000000000000000003';

const hexOf = (address: string): string => (address.startsWith('0x') ? address.slice(2) : address);

/**
 * Which addresses and slots a transaction has accessed (EIP-2929) and touched (EIP-161), undone where a frame fails: the same as the EVM
 * library's journal, whose interface it has. That one adds six collections for every call and keeps them to the transaction's end:
 * a block of nothing but calls held 950 MB. This one holds one entry for each thing that is new.
 */
export class AccessJournal {
  /** Slots by address; an address that is here is warm. */
  private readonly warm = new Map<string, Set<string>>();
  /** From the beginning of the transaction on; never undone. */
  private readonly alwaysWarm = new Map<string, Set<string>>();
  private readonly touched = new Set<string>();
  /** What is taken from where when it is undone, in order. */
  private undo: { from: { delete(key: string): boolean }; key: string }[] = [];
  /** How many of those each open frame began with. */
  private frames: number[] = [];

  /** @param precompiles in hex: warm in each transaction. */
  constructor(
    private readonly state: OverlayStateManager,
    private readonly precompiles: ReadonlySet<string> = new Set(),
  ) {}

  async putAccount(address: Address, account: Account): Promise<void> {
    this.touchAddress(address);
    return this.state.putAccount(address, account);
  }

  async deleteAccount(address: Address): Promise<void> {
    this.touchAddress(address);
    return this.state.deleteAccount(address);
  }

  touchAddress(address: Address): void {
    const key = bytesToUnprefixedHex(address.bytes);
    if (this.touched.has(key)) return;
    this.touched.add(key);
    if (key !== RIPEMD160) this.undo.push({ from: this.touched, key });
  }

  async checkpoint(): Promise<void> {
    this.frames.push(this.undo.length);
    return this.state.checkpoint();
  }

  async commit(): Promise<void> {
    this.frames.pop();
    if (this.frames.length === 0) this.undo = [];
    return this.state.commit();
  }

  async revert(): Promise<void> {
    const began = this.frames.pop() ?? 0;
    while (this.undo.length > began) {
      const last = this.undo.pop();
      last?.from.delete(last.key);
    }
    return this.state.revert();
  }

  isWarmedAddress(address: Uint8Array): boolean {
    const key = bytesToUnprefixedHex(address);
    return this.warm.has(key) || this.alwaysWarm.has(key) || this.precompiles.has(key);
  }

  addWarmedAddress(address: Uint8Array): void {
    this.slotsOf(bytesToUnprefixedHex(address));
  }

  isWarmedStorage(address: Uint8Array, slot: Uint8Array): boolean {
    return this.isWarmSlot(bytesToUnprefixedHex(address), bytesToUnprefixedHex(slot));
  }

  /** The same with keys in hex. */
  isWarmSlot(key: string, place: string): boolean {
    return this.warm.get(key)?.has(place) === true || this.alwaysWarm.get(key)?.has(place) === true;
  }

  addWarmedStorage(address: Uint8Array, slot: Uint8Array): void {
    this.warmSlot(bytesToUnprefixedHex(address), bytesToUnprefixedHex(slot));
  }

  /** The same with keys in hex. */
  warmSlot(key: string, place: string): void {
    const slots = this.slotsOf(key);
    if (slots.has(place)) return;
    slots.add(place);
    this.undo.push({ from: slots, key: place });
  }

  /** @param address hex, with or without 0x. */
  addAlwaysWarmAddress(address: string): void {
    const key = hexOf(address);
    if (!this.alwaysWarm.has(key)) this.alwaysWarm.set(key, new Set());
  }

  addAlwaysWarmSlot(address: string, slot: string): void {
    this.addAlwaysWarmAddress(address);
    this.alwaysWarm.get(hexOf(address))?.add(hexOf(slot));
  }

  /** Before a transaction. */
  cleanJournal(): void {
    this.warm.clear();
    this.alwaysWarm.clear();
    this.touched.clear();
    this.undo = [];
    this.frames = [];
  }

  /** After a transaction: touched accounts that are empty go (EIP-161). */
  async cleanup(): Promise<void> {
    for (const key of this.touched) {
      const address = new Address(hexToBytes(`0x${key}`));
      const account = await this.state.getAccount(address);
      if (account === undefined || account.isEmpty()) await this.state.deleteAccount(address);
    }
    this.cleanJournal();
  }

  private slotsOf(key: string): Set<string> {
    const known = this.warm.get(key);
    if (known !== undefined) return known;
    const slots = new Set<string>();
    this.warm.set(key, slots);
    this.undo.push({ from: this.warm, key });
    return slots;
  }
}
