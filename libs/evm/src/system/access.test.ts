import { fromHex, toHex, type Bytes } from '#ledger';
import { openTestChain, type TestChain } from '../../testing/chain.js';
import { CONSORTIUM, PERMISSIONS, SystemCaller } from '../../testing/system.js';
import { hex, Wallet } from '../../testing/wallet.js';
import { EvmError, mayStandLater } from '../index.js';
import { RECORDS_ADDRESS } from '../records/address.js';

const RECORDS = hex(RECORDS_ADDRESS);
const PUT = 0xdb82ecc3;
const data = (selector: number): `0x${string}` => `0x${selector.toString(16).padStart(8, '0')}${'00'.repeat(64)}`;
/** Creates a contract whose code is empty. */
const DEPLOY = '0x5f5ff3' as const;
const ANY_CALL = 2n ** 32n;
const NO_SELECTOR = 2n ** 33n;

/** What stands against a block of these, or `ok`; nothing is committed. */
async function faultOf(chain: TestChain, raws: readonly Bytes[]): Promise<string> {
  try {
    await chain.execute(raws);
    return 'ok';
  } catch (error) {
    if (error instanceof EvmError) return error.details.cause === undefined ? error.code : `${error.details.index}: ${error.details.cause}`;
    throw error;
  }
}

async function begin(access: 'open' | 'members'): Promise<{ chain: TestChain; system: SystemCaller; admin: Wallet; other: Wallet; clerk: Wallet }> {
  const [admin, other, clerk] = [new Wallet('admin'), new Wallet('other'), new Wallet('clerk')];
  const chain = await openTestChain({ access, members: [admin, other].map(({ address }, i) => ({ name: `member ${i}`, governance: address, operations: address })) });
  await chain.commit([]);
  return { chain, system: new SystemCaller(chain), admin, other, clerk };
}

describe('a chain for members’ accounts only', () => {
  let { chain, system, admin, other, clerk } = {} as Awaited<ReturnType<typeof begin>>;
  beforeEach(async () => ({ chain, system, admin, other, clerk } = await begin('members')));
  afterEach(() => chain.close());

  const set = (account: Wallet, transact: boolean, deploy: boolean, onlyRoles: boolean, by = admin): Promise<Bytes> => system.raw(by, PERMISSIONS, 'setAccount', [account.account.address, transact, deploy, onlyRoles]);
  const setNow = async (account: Wallet, transact: boolean, deploy: boolean, onlyRoles: boolean): Promise<void> => void (await chain.commit([await set(account, transact, deploy, onlyRoles)]));

  test('nobody has bound this account: no block may hold its transaction, no proposer takes it, the pool hears why', async () => {
    const raw = await clerk.sign({ to: other.account.address });
    expect(await faultOf(chain, [raw])).toBe('0: accountMayNotTransact');
    const transaction = chain.executor.admit(raw);
    const built = await chain.executor.buildBlock({ parent: chain.store.head(), timeMs: chain.store.head().timeMs + 1n, candidates: [transaction], budgetMs: 1000 });
    expect(built.skipped.map(({ code }) => [code, mayStandLater(code)])).toEqual([['accountMayNotTransact', false]]);
    expect(() => chain.store.checkAccess(transaction)).toThrow(`the account 0x${toHex(clerk.address)} may not transact on this chain`);
    expect(await faultOf(chain, [await admin.sign({ to: other.account.address }), await admin.sign({ data: DEPLOY })])).toBe('ok');
  });

  test('an account may transact from its grant on and until it is taken back, also within one block', async () => {
    await chain.commit([await set(clerk, true, false, false), await clerk.sign({ to: other.account.address })]);
    expect(await faultOf(chain, [await clerk.sign({ data: DEPLOY })])).toBe('0: accountMayNotDeploy');
    clerk.nonce -= 1;
    await chain.commit([await set(clerk, true, true, false), await clerk.sign({ data: DEPLOY })]);
    expect(await faultOf(chain, [await clerk.sign({ to: other.account.address }), await set(clerk, false, false, false), await clerk.sign({ to: other.account.address })])).toBe('2: accountMayNotTransact');
  });

  test('roles: sets of functions of contracts, the bare call and any function among them', async () => {
    await setNow(clerk, true, false, true);
    const call = async (fields: object): Promise<string> => {
      const fault = await faultOf(chain, [await clerk.sign({ to: RECORDS, ...fields })]);
      clerk.nonce -= 1;
      return fault;
    };
    expect(await call({ data: data(PUT) })).toBe('0: noRoleForCall');
    expect(await system.send(admin, PERMISSIONS, 'createRole', ['notary'])).toBeNull();
    expect(await system.send(admin, PERMISSIONS, 'allow', [1, RECORDS, PUT, true])).toBeNull();
    expect(await call({ data: data(PUT) })).toBe('0: noRoleForCall');
    expect(await system.send(admin, PERMISSIONS, 'grant', [clerk.account.address, 1, true])).toBeNull();
    expect([await call({ data: data(PUT) }), await call({ data: data(PUT + 1) }), await call({ to: other.account.address, data: data(PUT) }), await call({})]).toEqual(['ok', '0: noRoleForCall', '0: noRoleForCall', '0: noRoleForCall']);
    expect(() => chain.store.checkAccess({ sender: clerk.address, to: RECORDS_ADDRESS, data: fromHex(data(PUT + 1)) })).toThrow('has no role for a call of function 0xdb82ecc4');
    await system.send(admin, PERMISSIONS, 'allow', [1, RECORDS, NO_SELECTOR, true]);
    expect([await call({}), await call({ data: '0x000000' }), await call({ data: data(PUT + 1) })]).toEqual(['ok', 'ok', '0: noRoleForCall']);
    await system.send(admin, PERMISSIONS, 'allow', [1, RECORDS, ANY_CALL, true]);
    expect(await call({ data: data(PUT + 1) })).toBe('ok');
    // The role is member 0's: nobody else gives it away, and it is given to its own accounts only.
    expect(await system.send(other, PERMISSIONS, 'grant', [clerk.account.address, 1, true])).toBe('NotYourRole');
    expect(await system.send(admin, PERMISSIONS, 'grant', [other.account.address, 1, true])).toBe('NotYours');
    expect(await system.send(admin, PERMISSIONS, 'grant', [clerk.account.address, 1, false])).toBeNull();
    expect(await call({ data: data(PUT) })).toBe('0: noRoleForCall');
  });

  test('of two blocks of one height only the decided one counts', async () => {
    const grant = await set(clerk, true, false, false);
    expect(await faultOf(chain, [grant, await clerk.sign({ to: other.account.address })])).toBe('ok');
    clerk.nonce = 0;
    admin.nonce -= 1;
    // The same revision, another state.
    await chain.commit([await set(new Wallet('somebody else'), true, false, false)]);
    expect(await faultOf(chain, [await clerk.sign({ to: other.account.address })])).toBe('0: accountMayNotTransact');
  });

  test('a member that is removed takes its accounts along', async () => {
    await setNow(clerk, true, false, false);
    expect(await system.decide([other, admin], 'remove', [0])).toBe('LastNode');
    expect(await system.decide([admin, other], 'remove', [1])).toBeNull();
    expect(await faultOf(chain, [await other.sign({ to: admin.account.address })])).toBe('0: accountMayNotTransact');
    expect(await faultOf(chain, [await clerk.sign({ to: admin.account.address })])).toBe('ok');
  });
});

describe('an open chain', () => {
  let { chain, system, admin, other, clerk } = {} as Awaited<ReturnType<typeof begin>>;
  beforeEach(async () => ({ chain, system, admin, other, clerk } = await begin('open')));
  afterEach(() => chain.close());

  test('takes everybody; only who asked for it is bound, and then held to it', async () => {
    expect(await faultOf(chain, [await clerk.sign({ data: DEPLOY })])).toBe('ok');
    clerk.nonce = 0;
    const bind = (by: Wallet): Promise<string | null> => system.send(by, PERMISSIONS, 'setAccount', [clerk.account.address, true, false, false]);
    expect(await bind(admin)).toBe('Unasked');
    expect(await system.send(clerk, PERMISSIONS, 'join', [1])).toBeNull();
    expect([await bind(admin), await bind(other), await bind(admin)]).toEqual(['Unasked', null, 'NotYours']);
    expect(await faultOf(chain, [await clerk.sign({ data: DEPLOY })])).toBe('0: accountMayNotDeploy');
    clerk.nonce -= 1;
    expect(await system.decide([admin, other], 'releaseAccount', [clerk.account.address])).toBeNull();
    expect(await faultOf(chain, [await clerk.sign({ data: DEPLOY })])).toBe('ok');
  });

  test('the members close it by a vote; nobody names another member’s account as its own', async () => {
    expect(await system.send(clerk, PERMISSIONS, 'join', [1])).toBeNull();
    expect(await system.send(other, PERMISSIONS, 'setAccount', [clerk.account.address, true, false, false])).toBeNull();
    expect(await system.send(admin, CONSORTIUM, 'changeOperations', [clerk.account.address])).toBe('NotYours');
    expect(await system.decide([admin, other], 'setAccess', [1])).toBeNull();
    expect(await faultOf(chain, [await new Wallet('stranger').sign({ to: other.account.address })])).toBe('0: accountMayNotTransact');
    expect(await faultOf(chain, [await clerk.sign({ to: other.account.address })])).toBe('ok');
  });
});
