import { fromHex, toHex, type AccountState, type Bytes } from '#ledger';
import { CONSORTIUM_ADDRESS, PERMISSIONS_ADDRESS } from './addresses.js';
import { ASKED, DEPLOY, MAX_ROLES, MEMBER_AT, OFFICIAL, ONLY_ROLES, ROLES_AT, TRANSACT } from './access-word.js';
import { ACCESS_HEAD, CONSORTIUM_SLOTS, PERMISSIONS_SLOTS, field, mappingSlot, numberOf, slot } from './layout.js';
import { isOwnPermissions } from './own-code.js';

/** Which rule of Permissions refuses a transaction at its place. */
export type AccessFault = 'accountMayNotTransact' | 'accountMayNotDeploy' | 'noRoleForCall';

/** What is looked at: sender, `to` and the first four bytes. */
export interface AccessQuestion {
  senderKey?: string | undefined;
  sender: Bytes;
  to: Bytes | null;
  data: Bytes;
}

/** An overlay, or the head's state. `key` and `slotKey` are the hex of address and slot, for who can use them. */
export interface AccessReader {
  storage(address: Bytes, slot: Bytes, key?: string, slotKey?: string): Bytes;
  account(address: Bytes): AccountState | null;
}

const KEY = toHex(PERMISSIONS_ADDRESS);
const HEAD_SLOT = slot(PERMISSIONS_SLOTS.head);
const HEAD_KEY = toHex(HEAD_SLOT);
const UPGRADE_SLOT = slot(CONSORTIUM_SLOTS.upgrade);
const U32 = 0xffff_ffffn;
/** Of a role: any function of the contract, or a call with less than four bytes of data. */
const ANY_CALL = 1n << 32n;
const NO_SELECTOR = 1n << 33n;
const MAX_ANSWERS = 100_000;

/** What Permissions said in one of its states; a state is named by its revision, which no two decided states share. */
class Answers {
  readonly accounts = new Map<string, bigint>();
  readonly roles = new Map<string, boolean>();

  /** Forgets all when it has grown too large: everything can be read again. */
  bound(): void {
    if (this.accounts.size > MAX_ANSWERS) this.accounts.clear();
    if (this.roles.size > MAX_ANSWERS) this.roles.clear();
  }
}

/**
 * What is remembered of a chain's decided permissions, from block to block. Code that took Permissions' place for a while may have left the
 * revision as it was: what stood in Consortium as the last upgrade tells the time before it from the time after it.
 */
export class AccessMemory {
  private revision = -1n;
  private upgrade = -1n;
  private answers = new Answers();

  at(revision: bigint, upgrade: bigint): Answers {
    if (revision !== this.revision || upgrade !== this.upgrade) {
      this.revision = revision;
      this.upgrade = upgrade;
      this.answers = new Answers();
    }
    this.answers.bound();
    return this.answers;
  }
}

/**
 * Permissions at each place of one block. While nothing has a rule on an open chain, a transaction costs the look at one word that
 * the overlay already holds.
 */
export class AccessCheck {
  private head: Bytes | null = null;
  private isOpen = true;
  private nothingRuled = false;
  private answers = new Answers();
  private readonly decided: bigint;
  private readonly upgrade: bigint;
  /** Other code may change permissions without another revision: then nothing is remembered, not even within the block. */
  private readonly isOwnCode: boolean;

  /**
   * @param base the decided state below the block. Its answers go to memory; those of a state that this block itself has made do not, as
   * another block of the same height may make another of the same revision.
   */
  constructor(
    private readonly state: AccessReader,
    base: AccessReader,
    private readonly memory: AccessMemory,
  ) {
    this.decided = field(numberOf(base.storage(PERMISSIONS_ADDRESS, HEAD_SLOT, KEY, HEAD_KEY)), ACCESS_HEAD.revision);
    this.upgrade = numberOf(base.storage(CONSORTIUM_ADDRESS, UPGRADE_SLOT));
    this.isOwnCode = isOwnPermissions(state);
  }

  fault(question: AccessQuestion): AccessFault | null {
    const head = this.state.storage(PERMISSIONS_ADDRESS, HEAD_SLOT, KEY, HEAD_KEY);
    if (head !== this.head || !this.isOwnCode) this.begin(head);
    if (this.nothingRuled) return null;
    const word = this.wordOf(question);
    if (word === 0n) return this.isOpen ? null : 'accountMayNotTransact';
    if ((word & TRANSACT) === 0n) return 'accountMayNotTransact';
    if ((word & OFFICIAL) !== 0n) return null;
    if (question.to === null) return (word & DEPLOY) === 0n ? 'accountMayNotDeploy' : null;
    return (word & ONLY_ROLES) === 0n || this.hasRole(word >> ROLES_AT, question.to, question.data) ? null : 'noRoleForCall';
  }

  /** The member to whom the sender's account belongs, or null. */
  memberOf(question: AccessQuestion): number | null {
    const head = this.state.storage(PERMISSIONS_ADDRESS, HEAD_SLOT, KEY, HEAD_KEY);
    if (head !== this.head || !this.isOwnCode) this.begin(head);
    const word = this.wordOf(question);
    return word === 0n ? null : Number((word >> MEMBER_AT) & U32);
  }

  private begin(head: Bytes): void {
    const word = numberOf(head);
    this.head = head;
    this.isOpen = field(word, ACCESS_HEAD.access) === 0n;
    this.nothingRuled = this.isOpen && field(word, ACCESS_HEAD.ruled) === 0n;
    const revision = field(word, ACCESS_HEAD.revision);
    this.answers = this.isOwnCode && revision === this.decided ? this.memory.at(revision, this.upgrade) : new Answers();
  }

  /** 0 for an account that no member has bound; without a right where its member has left. */
  private wordOf({ sender, senderKey = toHex(sender) }: AccessQuestion): bigint {
    const known = this.answers.accounts.get(senderKey);
    if (known !== undefined) return known;
    let word = this.read(mappingSlot(sender, slot(PERMISSIONS_SLOTS.words)));
    if ((word & ASKED) !== 0n) word = 0n;
    if (word !== 0n && this.read(mappingSlot(slot((word >> MEMBER_AT) & U32), slot(PERMISSIONS_SLOTS.left))) !== 0n) word &= ~(TRANSACT | DEPLOY | OFFICIAL);
    this.answers.accounts.set(senderKey, word);
    return word;
  }

  private hasRole(roles: bigint, to: Bytes, data: Bytes): boolean {
    const call = data.length < 4 ? NO_SELECTOR : numberOf(data.subarray(0, 4));
    const target = toHex(to);
    for (let i = 0; i < MAX_ROLES; i++) {
      const role = (roles >> BigInt(32 * i)) & U32;
      if (role !== 0n && (this.allows(role, target, call) || this.allows(role, target, ANY_CALL))) return true;
    }
    return false;
  }

  private allows(role: bigint, target: string, call: bigint): boolean {
    const key = `${role}/${target}/${call}`;
    const known = this.answers.roles.get(key);
    if (known !== undefined) return known;
    const calls = mappingSlot(slot(role), slot(PERMISSIONS_SLOTS.allowed));
    const allowed = this.read(mappingSlot(slot((numberOf(fromHex(target)) << 40n) | call), calls)) !== 0n;
    this.answers.roles.set(key, allowed);
    return allowed;
  }

  private read(at: Bytes): bigint {
    return numberOf(this.state.storage(PERMISSIONS_ADDRESS, at, KEY));
  }
}

/** For whom the transaction is refused: what stands against it, and who can change that. */
export function accessMessage(fault: AccessFault, { sender, to, data }: AccessQuestion): string {
  const account = `0x${toHex(sender)}`;
  const help = `see Permissions at 0x${KEY}; an administrator of the account's member can change it`;
  switch (fault) {
    case 'accountMayNotTransact': return `the account ${account} may not transact on this chain: ${help} with setAccount`;
    case 'accountMayNotDeploy': return `the account ${account} may not deploy contracts on this chain: ${help} with setAccount`;
    case 'noRoleForCall': {
      const call = data.length < 4 ? 'without a function' : `of function 0x${toHex(data.subarray(0, 4))}`;
      return `the account ${account} has no role for a call ${call} at 0x${toHex(to ?? new Uint8Array(0))}: ${help} with allow and grant`;
    }
  }
}
