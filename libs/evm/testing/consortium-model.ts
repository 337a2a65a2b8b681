/** What Consortium should do, written a second time in the plainest way: random calls are run through both and compared. */

export interface ModelMember {
  governance: string;
  operations: string;
  power: bigint;
  nodesAllowed: number;
  active: boolean;
}

export interface ModelNode {
  member: number;
  power: bigint;
  status: 'registered' | 'active' | 'retired';
}

/** The name of the error, or null where the call succeeds. */
export type Expected = string | null;

/** Accounts and keys are named by texts. Signatures are taken to be good. */
export class ConsortiumModel {
  readonly members: ModelMember[] = [];
  readonly nodes = new Map<string, ModelNode>();
  /** Accounts of members that have left: Permissions refuses what they send. */
  readonly gone = new Set<string>();

  get activeMembers(): number {
    return this.members.filter(({ active }) => active).length;
  }

  activeKeys(): string[] {
    return [...this.nodes].flatMap(([key, { status }]) => (status === 'active' ? [key] : []));
  }

  nodeCount(id: number): number {
    return [...this.nodes.values()].filter(({ member, status }) => member === id && status !== 'retired').length;
  }

  governs(account: string): number | null {
    const id = this.members.findIndex(({ active, governance }) => active && governance === account);
    return id < 0 ? null : id;
  }

  administrates(account: string): number | null {
    const id = this.members.findIndex(({ active, governance, operations }) => active && (governance === account || operations === account));
    return this.governs(account) ?? (id < 0 ? null : id);
  }

  /** How many of these votes count, and whether they are more than half. */
  passes(voters: readonly number[]): boolean {
    return new Set(voters.filter((id) => this.members[id]?.active === true)).size * 2 > this.activeMembers;
  }

  /** Whether this account may be the governance or operations account of the member. */
  private isTaken(account: string, id: number, as: 'governance' | 'operations'): boolean {
    return this.members.some((one, other) => one.active && (one[as] === account || (other !== id && (one.governance === account || one.operations === account))));
  }

  setAccount(id: number, as: 'governance' | 'operations', account: string): Expected {
    const member = this.members[id] as ModelMember;
    if (member[as] === account) return null;
    if (this.isTaken(account, id, as)) return 'AccountTaken';
    member[as] = account;
    this.gone.delete(account);
    return null;
  }

  admit(governance: string, operations: string, power: bigint, nodesAllowed: number): Expected {
    if (power === 0n) return 'BadPower';
    const id = this.members.length;
    if (this.isTaken(governance, id, 'governance') || this.isTaken(operations, id, 'operations')) return 'AccountTaken';
    this.members.push({ governance, operations, power, nodesAllowed, active: true });
    for (const account of [governance, operations]) this.gone.delete(account);
    return null;
  }

  remove(id: number): Expected {
    const member = this.members[id];
    if (member?.active !== true) return 'NoSuchMember';
    if (this.activeMembers === 1) return 'LastMember';
    if (this.activeKeys().every((key) => this.nodes.get(key)?.member === id)) return 'LastNode';
    member.active = false;
    for (const account of [member.governance, member.operations]) this.gone.add(account);
    for (const node of this.nodes.values()) if (node.member === id && node.status === 'active') node.status = 'retired';
    return null;
  }

  change(id: number, power: bigint, nodesAllowed: number): Expected {
    const member = this.members[id];
    if (member?.active !== true) return 'NoSuchMember';
    if (power === 0n) return 'BadPower';
    if (nodesAllowed < this.nodeCount(id)) return 'TooManyNodes';
    for (const node of this.nodes.values()) if (node.member === id && node.status === 'active') node.power = power;
    Object.assign(member, { power, nodesAllowed });
    return null;
  }

  register(by: string, key: string): Expected {
    const id = this.administrates(by);
    if (id === null) return 'NotAdministrator';
    const member = this.members[id] as ModelMember;
    if (this.nodeCount(id) >= member.nodesAllowed) return 'TooManyNodes';
    if (this.nodes.has(key)) return 'KeyUsed';
    this.nodes.set(key, { member: id, power: member.power, status: 'registered' });
    return null;
  }

  activate(key: string): Expected {
    const node = this.nodes.get(key);
    if (node?.status !== 'registered') return 'NotRegistered';
    const member = this.members[node.member] as ModelMember;
    if (!member.active) return 'NoSuchMember';
    Object.assign(node, { status: 'active', power: member.power });
    return null;
  }

  retire(by: string, key: string): Expected {
    const id = this.administrates(by);
    if (id === null) return 'NotAdministrator';
    const node = this.nodes.get(key);
    if (node === undefined || node.member !== id || node.status === 'retired') return 'NotRegistered';
    if (node.status === 'active' && this.activeKeys().length === 1) return 'LastNode';
    node.status = 'retired';
    return null;
  }

  rotate(by: string, oldKey: string, newKey: string): Expected {
    const old = this.nodes.get(oldKey);
    if (old?.status !== 'active') return 'NotRegistered';
    if (this.administrates(by) !== old.member) return 'NotAdministrator';
    if (this.nodes.has(newKey)) return 'KeyUsed';
    this.nodes.set(newKey, { ...old });
    old.status = 'retired';
    return null;
  }
}
