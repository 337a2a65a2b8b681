import { encodeFunctionData } from 'viem';
import { keyPairOf, toHex, type KeyPair } from '#ledger';
import { openTestChain, type TestChain } from '../../testing/chain.js';
import { ConsortiumModel, type Expected, type ModelMember } from '../../testing/consortium-model.js';
import { randomOf, SEED } from '../../testing/random.js';
import { CONSORTIUM, PERMISSIONS, SystemCaller } from '../../testing/system.js';
import { hex, Wallet } from '../../testing/wallet.js';
import { OFFICIAL } from './access-word.js';
import { readWantedRules } from './wanted-rules.js';

const STEPS = 150;
const NAMES = ['anna', 'bert', 'cora', 'dora', 'emil', 'fritz', 'gerda', 'hans'];
const STATUS = { registered: 1, active: 2, retired: 3 } as const;

class Run {
  readonly random = randomOf(SEED);
  readonly model = new ConsortiumModel();
  readonly wallets = new Map(NAMES.map((name) => [name, new Wallet(`property ${name}`)]));
  readonly keys = new Map(Array.from({ length: 14 }, (_, i) => [`key ${i}`, keyPairOf(new Uint8Array(32).fill(i + 50))] as [string, KeyPair]));
  readonly log: string[] = [];
  private revision = 0n;

  constructor(
    readonly chain: TestChain,
    readonly system: SystemCaller,
  ) {}

  static async begin(): Promise<Run> {
    const wallets = NAMES.map((name) => new Wallet(`property ${name}`));
    const member = (i: number): { name: string; governance: Uint8Array; operations: Uint8Array } => ({ name: NAMES[i] as string, governance: (wallets[i] as Wallet).address, operations: (wallets[i + 1] as Wallet).address });
    const keys = [0, 1].map((i) => keyPairOf(new Uint8Array(32).fill(i + 50)).publicKey);
    const chain = await openTestChain({ members: [member(0), member(2)], validators: keys.map((publicKey, i) => ({ publicKey, power: 5n, member: i })) });
    await chain.commit([]);
    const run = new Run(chain, new SystemCaller(chain));
    for (const i of [0, 1]) {
      run.model.members.push({ governance: NAMES[2 * i] as string, operations: NAMES[2 * i + 1] as string, power: 5n, nodesAllowed: 1, active: true });
      run.model.nodes.set(`key ${i}`, { member: i, power: 5n, status: 'active' });
    }
    return run;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.random(list.length)] as T;
  }

  readonly wallet = (name: string): Wallet => this.wallets.get(name) as Wallet;
  readonly address = (name: string): string => this.wallet(name).account.address;
  readonly key = (name: string): KeyPair => this.keys.get(name) as KeyPair;
  readonly public = (name: string): string => hex(this.key(name).publicKey);

  async send(by: string, functionName: string, args: readonly unknown[], expected: Expected): Promise<void> {
    this.log.push(`${by}: ${functionName} → ${expected ?? 'done'}`);
    expect([functionName, await this.system.send(this.wallet(by), CONSORTIUM, functionName, args)]).toEqual([functionName, expected]);
  }

  /** A proposal on which some members vote, one after another, until it passes or nobody is left who would. */
  async decide(functionName: string, args: readonly unknown[], expect_: () => Expected): Promise<void> {
    const action = encodeFunctionData({ abi: CONSORTIUM.abi, functionName, args });
    const governors = this.model.members.filter(({ active }) => active).map(({ governance }) => governance).sort(() => this.random(3) - 1);
    const willing = governors.slice(0, 1 + this.random(governors.length));
    let id: unknown = null;
    const voted: number[] = [];
    for (const name of willing) {
      voted.push(this.model.governs(name) as number);
      const passes = this.model.passes(voted);
      const expected = passes ? expect_() : null;
      await this.send(name, id === null ? 'propose' : 'vote', id === null ? [action] : [id, true], expected);
      id ??= await this.system.read(CONSORTIUM, 'proposalCount');
      if (passes) return;
    }
  }

  async step(): Promise<void> {
    const { model, random } = this;
    const [a, b] = [this.pick(NAMES.filter((name) => !model.gone.has(name))), this.pick(NAMES)];
    const [k, l] = [this.pick([...this.keys.keys()]), this.pick([...this.keys.keys()])];
    const id = random(model.members.length + 1);
    const [power, nodes] = [BigInt(random(4) * 3), random(4)];
    const height = this.chain.store.head().height;
    const owner = model.nodes.get(k)?.member ?? 0;
    switch (random(12)) {
      case 0: return this.decide('admit', ['new', this.address(a), this.address(b), power, nodes], () => model.admit(a, b, power, nodes));
      case 1: return random(3) === 0 ? this.decide('remove', [id], () => model.remove(id)) : undefined;
      case 2: return this.decide('change', [id, power, nodes], () => model.change(id, power, nodes));
      case 3: {
        const by = model.governs(a);
        return this.send(a, 'changeGovernance', [this.address(b)], by === null ? 'NotGovernance' : model.setAccount(by, 'governance', b));
      }
      case 4: {
        const by = model.governs(a);
        return this.send(a, 'changeOperations', [this.address(b)], by === null ? 'NotGovernance' : model.setAccount(by, 'operations', b));
      }
      case 5: case 6: return this.send(a, 'registerNode', [this.public(k), this.system.binding(this.key(k), model.administrates(a) ?? 0)], model.register(a, k));
      case 7: case 8: return this.send(a, 'activate', [this.public(k), height, this.system.binding(this.key(k), owner, height)], model.activate(k));
      case 9: return this.send(a, 'retireNode', [this.public(k)], model.retire(a, k));
      default: return this.send(a, 'rotateNode', [this.public(k), this.public(l), height, this.system.binding(this.key(l), owner, height)], model.rotate(a, k, l));
    }
  }

  /** Everything that the contract answers, and what validators read of its storage. */
  async compare(): Promise<void> {
    const { model, system } = this;
    for (const [id, member] of model.members.entries()) {
      const { governance, operations, power, nodesAllowed, active } = member;
      expect(await system.read(CONSORTIUM, 'member', [id])).toMatchObject({ governance: this.address(governance), operations: this.address(operations), power, active, nodesAllowed, ...(active ? { nodeCount: model.nodeCount(id) } : {}) });
      if (active) expect(model.nodeCount(id)).toBeLessThanOrEqual(nodesAllowed);
    }
    expect([await system.read(CONSORTIUM, 'activeMembers'), await system.read(CONSORTIUM, 'memberCount')]).toEqual([model.activeMembers, model.members.length]);
    const active = (await system.read(CONSORTIUM, 'activeKeys')) as string[];
    expect([...active].sort()).toEqual(model.activeKeys().map(this.public).sort());
    for (const [name, node] of model.nodes) {
      const stored = (await system.read(CONSORTIUM, 'node', [this.public(name)])) as { index: number };
      expect(stored).toMatchObject({ member: node.member, status: STATUS[node.status], ...(node.status === 'active' ? { power: node.power } : {}) });
      if (node.status === 'active') expect(active[stored.index]).toBe(this.public(name));
    }
    for (const name of NAMES) await this.compareAccount(name, model.members);
    const { validators, validatorsRevision } = readWantedRules(this.chain.store.state(), null);
    expect(validators?.validators.map(({ publicKey, power }) => `${toHex(publicKey)} ${power}`)).toEqual(
      model.activeKeys().map((name) => `${toHex(this.key(name).publicKey)} ${model.nodes.get(name)?.power}`).sort(),
    );
    expect(validatorsRevision).toBeGreaterThanOrEqual(this.revision);
    this.revision = validatorsRevision;
  }

  private async compareAccount(name: string, members: readonly ModelMember[]): Promise<void> {
    const { model, system } = this;
    const [governs, administrates] = [model.governs(name), model.administrates(name)];
    expect(await system.read(CONSORTIUM, 'governs', [this.address(name)])).toEqual([governs !== null, governs ?? 0]);
    expect(await system.read(CONSORTIUM, 'administrates', [this.address(name)])).toEqual([administrates !== null, administrates ?? 0]);
    const word = (await system.read(PERMISSIONS, 'wordOf', [this.address(name)])) as bigint;
    const isOfficial = members.some(({ active, governance, operations }) => active && (governance === name || operations === name));
    expect([name, word !== 0n]).toEqual([name, isOfficial || model.gone.has(name)]);
    if (isOfficial) expect(word & OFFICIAL).toBe(OFFICIAL);
    const send = (): void => this.chain.store.checkAccess({ sender: this.wallet(name).address, to: null, data: new Uint8Array(0) });
    if (model.gone.has(name)) expect(send).toThrow('may not transact');
    else expect(send).not.toThrow();
  }
}

test(`random calls do what the model says they do (STELE_SEED=${SEED})`, async () => {
  const run = await Run.begin();
  try {
    for (let i = 0; i < STEPS; i++) {
      await run.step();
      if (i % 6 === 5) await run.compare();
    }
  } catch (error) {
    throw new Error(`with STELE_SEED=${SEED}, after\n${run.log.slice(-12).join('\n')}\n${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await run.chain.close();
  }
});
