import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server, TLSSocket } from 'node:tls';
import { createExecutor, openChainStore, type ChainStore, type Executor } from '#evm';
import {
  blockHash, certificateHash, DEFAULT_PARAMS, evidenceRoot, genesisValidators, paramsHash, sign, toHex, voteSignBytes, ZERO_HASH,
  type Block, type Bytes, type Certificate, type Genesis, type GenesisAlloc, type GenesisMember, type Header, type Params, type ValidatorSet,
} from '#ledger';
import { Chain } from '../../chain/chain.js';
import { loadIdentity, type Identity } from '../../identity/identity.js';
import { createLogger } from '../../log/logger.js';
import { createPinnedListener, listen } from '../../tls/pinned.js';

export const TEST_EVM_CHAIN_ID = 7_310_002n;

export interface WorldOptions {
  validators: number;
  observers?: number;
  params?: Partial<Params>;
  /** One whose accounts nobody has, by default; validators are theirs in turn. */
  members?: readonly GenesisMember[];
  alloc?: readonly GenesisAlloc[];
  /** The program of the nodes' threads; without it they have none. */
  program?: string;
}

/** Nodes of one chain as objects of this process: real stores, TLS, consensus; only programs and control listeners are missing. */
export class TestWorld {
  readonly members: TestMember[] = [];
  private readonly halts: string[] = [];

  private constructor(
    readonly folder: string,
    readonly genesis: Genesis,
    readonly validators: ValidatorSet,
    readonly program: string | undefined,
  ) {}

  static async make(options: WorldOptions): Promise<TestWorld> {
    const folder = mkdtempSync(join(tmpdir(), 'stele-sync-'));
    const names = Array.from({ length: options.validators + (options.observers ?? 0) }, (_, i) => `node-${i}`);
    const identities = await Promise.all(names.map((name) => loadIdentity(join(folder, name))));
    const members = options.members ?? [{ name: 'one', governance: new Uint8Array(20).fill(1), operations: new Uint8Array(20).fill(2) }];
    const genesis: Genesis = {
      version: 2, evmChainId: TEST_EVM_CHAIN_ID, faultModel: 'BFT', timeMs: BigInt(Date.now()) - 3_600_000n, hardfork: 'osaka', protocolVersion: 1,
      access: 'open',
      params: { ...DEFAULT_PARAMS, proposeTimeoutMs: 1500, prevoteTimeoutMs: 400, precommitTimeoutMs: 400, timeoutDeltaMs: 200, ...options.params },
      members,
      validators: identities.slice(0, options.validators).map(({ publicKey }, i) => ({ publicKey, power: 1n, member: i % members.length })),
      alloc: options.alloc ?? [],
    };
    const world = new TestWorld(folder, genesis, genesisValidators(genesis), options.program);
    for (const [i, identity] of identities.entries()) world.members.push(await TestMember.make(world, identity, join(folder, names[i] as string)));
    return world;
  }

  get endpoints(): Record<string, string[]> {
    return Object.fromEntries(this.members.map(({ identity, port }) => [toHex(identity.publicKey), [`127.0.0.1:${port}`]]));
  }

  member(index: number): TestMember {
    return this.members[index] as TestMember;
  }

  /** What ended nodes that nothing should have ended. */
  get fatal(): readonly string[] {
    return this.halts;
  }

  ended(error: Error): void {
    this.halts.push(error.stack ?? error.message);
  }

  /** A chain of so many blocks, as if it had been decided, in the stores of these members. */
  async prefill(members: readonly TestMember[], blocks: number, transactionsOf: (height: number) => readonly Bytes[] | Promise<readonly Bytes[]> = () => []): Promise<void> {
    const [first, ...others] = members as [TestMember, ...TestMember[]];
    const path = join(first.folder, 'chain');
    const store = await openChainStore(path, { genesis: this.genesis });
    const executor = await createExecutor({ store });
    for (let i = 0; i < blocks; i++) await this.decideOne(store, executor, await transactionsOf(Number(store.head().height) + 1));
    await store.flushed();
    await store.close();
    for (const member of others) {
      mkdirSync(member.folder, { recursive: true });
      cpSync(path, join(member.folder, 'chain'), { recursive: true });
    }
  }

  certify(header: Header, signers: readonly number[] = [0, 1, 2]): Certificate {
    const vote = { kind: 'precommit' as const, height: header.height, round: 0, blockHash: blockHash(header) };
    const message = voteSignBytes(header.genesisHash, vote);
    const signatures = signers.filter((n) => n < this.validators.size).map((validator) => ({ validator, signature: sign(this.keyOf(validator), message) }));
    return { ...vote, signatures };
  }

  async stop(): Promise<void> {
    for (const member of this.members) await member.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private keyOf(validator: number): Bytes {
    const key = toHex((this.validators.at(validator) as { publicKey: Bytes }).publicKey);
    return (this.members.find(({ identity }) => toHex(identity.publicKey) === key) as TestMember).identity.privateKey;
  }

  private async decideOne(store: ChainStore, executor: Executor, raws: readonly Bytes[]): Promise<void> {
    const parent = store.head();
    const timeMs = parent.timeMs + 10n;
    const executed = await executor.executeBlock({ parent, timeMs, transactions: raws.map((raw) => executor.admit(raw)) });
    const lastCommit = parent.certificate;
    const header: Header = {
      version: 1, genesisHash: store.genesisHash, height: executed.height, prevHash: parent.hash, prevCommitHash: lastCommit === null ? ZERO_HASH : certificateHash(lastCommit), timeMs,
      proposer: (this.validators.at(0) as { publicKey: Bytes }).publicKey, txRoot: executed.txRoot, txCount: raws.length, stateRoot: executed.stateRoot, receiptsRoot: executed.receiptsRoot,
      validatorsHash: this.validators.hash, nextValidatorsHash: this.validators.hash, paramsHash: paramsHash(this.genesis.params), evidenceRoot: evidenceRoot([]),
    };
    const block: Block = { header, transactions: raws, lastCommit, evidence: [] };
    await executor.commit(block, this.certify(header), executed);
  }
}

/** One node of a TestWorld: a folder, a key and a listener; its chain runs from `start` to `stop`. */
export class TestMember {
  private running: Chain | undefined;
  private acceptor: ((socket: TLSSocket, key: Uint8Array) => void) | undefined;
  private deaf = false;
  private listener: Server | undefined;
  private listeningPort = 0;

  private constructor(
    private readonly world: TestWorld,
    readonly identity: Identity,
    readonly folder: string,
  ) {}

  static async make(world: TestWorld, identity: Identity, folder: string): Promise<TestMember> {
    const member = new TestMember(world, identity, folder);
    await member.listen();
    return member;
  }

  get port(): number {
    return this.listeningPort;
  }

  get chain(): Chain {
    if (this.running === undefined) throw new Error('the node does not run');
    return this.running;
  }

  get height(): bigint {
    return this.chain.store.head().height;
  }

  /** @param peers whom it knows; all by default. */
  async start(peers?: readonly TestMember[]): Promise<Chain> {
    const known = peers?.map(({ identity }) => toHex(identity.publicKey));
    const endpoints = Object.fromEntries(Object.entries(this.world.endpoints).filter(([key]) => known === undefined || known.includes(key)));
    this.running = await Chain.open({
      identity: this.identity, genesis: this.world.genesis, endpoints, dataFolder: this.folder, program: this.world.program, logger: createLogger(process.env['STELE_LOG_LEVEL'] ?? 'silent'), fatal: (error) => this.world.ended(error),
    });
    this.running.start();
    return this.running;
  }

  /** Somebody else takes the connections to this node's port, under its key. */
  serveWith(acceptor: (socket: TLSSocket, key: Uint8Array) => void): void {
    this.acceptor = acceptor;
  }

  /** The node itself takes them again. */
  serveHonestly(): void {
    this.acceptor = undefined;
  }

  /** Takes no connections until it is told otherwise: it has only the peers that it dials itself. */
  refuseConnections(refuse: boolean): void {
    this.deaf = refuse;
  }

  /** Ends the chain; the port stays, so that it can start again. */
  async pause(): Promise<void> {
    const chain = this.running;
    this.running = undefined;
    await chain?.stop();
  }

  /** As if its disk were new; its key stays. */
  async forget(): Promise<void> {
    await this.pause();
    for (const name of ['chain', 'consensus']) rmSync(join(this.folder, name), { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    this.listener?.close();
    await this.pause();
  }

  private async listen(): Promise<void> {
    this.listener = createPinnedListener(this.identity, (key) => !this.deaf && (this.acceptor !== undefined || (this.running?.admits(key) ?? false)), (socket, key) => {
      if (this.acceptor !== undefined) this.acceptor(socket, key);
      else if (this.running === undefined) socket.destroy();
      else this.running.accept(socket, key);
    });
    this.listeningPort = await listen(this.listener, '127.0.0.1', 0);
  }
}

export async function until(condition: () => boolean, what: string, withinMs = 60_000): Promise<void> {
  const limit = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > limit) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
