import { randomOf, SEED } from '../../testing/random.js';
import { openTestChain, type TestChain } from '../../testing/chain.js';
import { PERMISSIONS, SystemCaller } from '../../testing/system.js';
import { hex, Wallet } from '../../testing/wallet.js';
import { EvmError } from '../errors.js';

const STEPS = 120;
const ADMINS = ['anna', 'bert'] as const;
const ACCOUNTS = ['carl', 'dirk', 'ella'] as const;
const TARGETS = [7, 8].map((n) => new Uint8Array(20).fill(n));
const CALLS = [0x11111111, 0x22222222, 2 ** 32, 2 ** 33];
const DATA = [Uint8Array.of(0x11, 0x11, 0x11, 0x11, 9), Uint8Array.of(0x22, 0x22, 0x22, 0x22), Uint8Array.of(1, 2)];

interface Bound { member: number; transact: boolean; deploy: boolean; onlyRoles: boolean; roles: Set<number> }

/** Permissions a second time: whose an account is, and what its roles allow. */
class Model {
  isOpen = true;
  readonly asked = new Map<string, number>();
  readonly bound = new Map<string, Bound>();
  /** Role r is member `owners[r - 1]`'s. */
  readonly owners: number[] = [];
  readonly allowed = new Set<string>();

  set(by: number, account: string, [transact, deploy, onlyRoles]: readonly [boolean, boolean, boolean]): string | null {
    const known = this.bound.get(account);
    if (known !== undefined && known.member !== by) return 'NotYours';
    if (known === undefined && this.isOpen && this.asked.get(account) !== by) return 'Unasked';
    this.asked.delete(account);
    this.bound.set(account, { member: by, transact, deploy, onlyRoles, roles: known?.roles ?? new Set() });
    return null;
  }

  grant(by: number, account: string, role: number, granted: boolean): string | null {
    if (this.owners[role - 1] !== by) return 'NotYourRole';
    const known = this.bound.get(account);
    if (known?.member !== by) return 'NotYours';
    if (granted) known.roles.add(role);
    else known.roles.delete(role);
    return null;
  }

  fault(account: string, target: number | null, data: Uint8Array): string {
    const known = this.bound.get(account);
    if (known === undefined) return this.isOpen ? 'ok' : 'accountMayNotTransact';
    if (!known.transact) return 'accountMayNotTransact';
    if (target === null) return known.deploy ? 'ok' : 'accountMayNotDeploy';
    const call = data.length < 4 ? 2 ** 33 : new DataView(data.buffer).getUint32(0);
    const may = [...known.roles].some((role) => [call, 2 ** 32].some((one) => this.allowed.has(`${role} ${target} ${one}`)));
    return !known.onlyRoles || may ? 'ok' : 'noRoleForCall';
  }
}

class Run {
  readonly model = new Model();
  readonly random = randomOf(SEED);
  private readonly system: SystemCaller;
  private readonly wallets = new Map<string, Wallet>([...ADMINS, ...ACCOUNTS].map((name) => [name, new Wallet(`permitted ${name}`)]));

  constructor(readonly chain: TestChain) {
    this.system = new SystemCaller(chain);
  }

  static async begin(): Promise<Run> {
    const members = ADMINS.map((name) => ({ name, governance: new Wallet(`permitted ${name}`).address, operations: new Wallet(`permitted ${name}`).address }));
    return new Run(await openTestChain({ members }));
  }

  private readonly wallet = (name: string): Wallet => this.wallets.get(name) as Wallet;
  private readonly pick = <T>(list: readonly T[]): T => list[this.random(list.length)] as T;

  async step(): Promise<void> {
    const { model, random, pick } = this;
    const by = random(2);
    const account = pick(ACCOUNTS);
    const address = this.wallet(account).account.address;
    const role = 1 + random(model.owners.length + 1);
    const send = async (functionName: string, args: readonly unknown[], expected: string | null, from: string = ADMINS[by] as string): Promise<void> =>
      expect([functionName, await this.system.send(this.wallet(from), PERMISSIONS, functionName, args)]).toEqual([functionName, expected]);
    switch (random(9)) {
      case 0: {
        if (model.fault(account, 9, new Uint8Array(4)) !== 'ok') return;
        const expected = model.bound.has(account) ? 'NotYours' : null;
        if (expected === null) model.asked.set(account, by);
        return send('join', [by], expected, account);
      }
      case 1: case 2: {
        const rights = [random(4) > 0, random(2) > 0, random(2) > 0] as const;
        return send('setAccount', [address, ...rights], model.set(by, account, rights));
      }
      case 3: return model.owners.length < 4 ? (model.owners.push(by), send('createRole', ['role'], null)) : undefined;
      case 4: case 5: {
        const [target, call, allowed] = [random(2), pick(CALLS), random(3) > 0];
        const isOwn = model.owners[role - 1] === by;
        if (isOwn) model.allowed[allowed ? 'add' : 'delete'](`${role} ${target} ${call}`);
        return send('allow', [role, hex(TARGETS[target] as Uint8Array), call, allowed], isOwn ? null : 'NotYourRole');
      }
      case 6: case 7: {
        const granted = random(3) > 0;
        return send('grant', [address, role, granted], model.grant(by, account, role, granted));
      }
      default: {
        if (random(3) > 0) return;
        model.isOpen = !model.isOpen;
        expect(await this.system.decide(ADMINS.map(this.wallet), 'setAccess', [model.isOpen ? 0 : 1])).toBeNull();
      }
    }
  }

  /** All accounts, targets and calls, as the pool and validators see them. */
  compare(): void {
    for (const account of ACCOUNTS) {
      for (const target of [0, 1, null]) {
        for (const data of DATA) {
          const to = target === null ? null : (TARGETS[target] as Uint8Array);
          expect([account, target, this.faultOf({ sender: this.wallet(account).address, to, data })]).toEqual([account, target, this.model.fault(account, target, data)]);
        }
      }
    }
  }

  private faultOf(question: Parameters<TestChain['store']['checkAccess']>[0]): string {
    try {
      this.chain.store.checkAccess(question);
      return 'ok';
    } catch (error) {
      if (error instanceof EvmError) return error.code;
      throw error;
    }
  }
}

test(`what accounts may do is what the model says, whatever was granted and taken (STELE_SEED=${SEED})`, async () => {
  const run = await Run.begin();
  try {
    for (let i = 0; i < STEPS; i++) {
      await run.step();
      run.compare();
    }
  } finally {
    await run.chain.close();
  }
});
