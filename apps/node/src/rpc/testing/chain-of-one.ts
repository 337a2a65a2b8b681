import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createExecutor, openChainStore, type AdmittedTransaction, type ChainStore, type Executor } from '#evm';
import {
  blockHash, certificateHash, DEFAULT_PARAMS, evidenceRoot, fromHex, generateKeyPair, genesisToJson, genesisValidators, paramsHash, sign, toHex, voteSignBytes, ZERO_HASH,
  type Block, type Bytes, type Certificate, type Genesis, type GenesisFile, type Header, type KeyPair,
} from '#ledger';
import { attachRpc, type RpcBackend, type RpcOptions, type RpcServer } from '../index.js';

export const EVM_CHAIN_ID = 7_310_001;
/** An account that genesis gives ether; its private key is public. */
export const RICH_KEY = '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d';
const RICH = '70997970c51812dc3a010c7d01b50e0d17dc79c8';

/**
 * A real chain with one validator: store, executor, certificates and the JSON-RPC server are those of a node; only consensus is
 * missing, because one validator agrees with itself.
 */
export class ChainOfOne {
  readonly genesisFile: GenesisFile;
  private readonly pool = new Map<string, AdmittedTransaction>();
  private readonly committedListeners = new Set<(height: bigint) => void>();
  private readonly pendingListeners = new Set<(transaction: AdmittedTransaction) => void>();
  private making: Promise<void> = Promise.resolve();
  /** What `stele_getEvidence` tells. */
  evidence: ReturnType<RpcBackend['evidence']> = { included: [], waiting: [] };
  /** When false, transactions wait until `makeBlock`. */
  makesBlocks = true;

  private constructor(
    private readonly folder: string,
    private readonly validator: KeyPair,
    readonly store: ChainStore,
    readonly executor: Executor,
    private readonly server: Server,
    private rpc: RpcServer | null,
  ) {
    this.genesisFile = genesisToJson(store.genesis);
  }

  /** @param history of how many blocks the states are kept. */
  static async start(options: RpcOptions = {}, history: number | 'archive' = 'archive'): Promise<ChainOfOne> {
    const folder = mkdtempSync(join(tmpdir(), 'stele-rpc-'));
    const validator = generateKeyPair();
    const store = await openChainStore(folder, { genesis: genesisOf(validator.publicKey), history });
    const chain = new ChainOfOne(folder, validator, store, await createExecutor({ store }), createServer(), null);
    chain.rpc = attachRpc(chain.server, chain.backend(), {
      onFault: (method, error) => {
        throw new Error(`${method} failed`, { cause: error });
      },
      ...options,
    });
    await new Promise<void>((resolve) => chain.server.listen(0, '127.0.0.1', resolve));
    return chain;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get webSocketUrl(): string {
    return this.url.replace('http', 'ws');
  }

  /** A block of everything that waits, if anything does; the next begins when it is committed. */
  makeBlock(): Promise<void> {
    this.making = this.making.then(() => this.makeOne());
    return this.making;
  }

  async stop(): Promise<void> {
    this.rpc?.close();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await this.making;
    await this.store.close();
    rmSync(this.folder, { recursive: true });
  }

  private backend(): RpcBackend {
    return {
      version: '0.0.0-test',
      chain: () => this,
      submit: async (raw) => this.submit(raw),
      pendingNonce: (address) => this.pendingNonce(address),
      pendingTransaction: (hash) => this.pool.get(toHex(hash)) ?? null,
      onCommitted: (listener) => {
        this.committedListeners.add(listener);
        return () => this.committedListeners.delete(listener);
      },
      onPending: (listener) => {
        this.pendingListeners.add(listener);
        return () => this.pendingListeners.delete(listener);
      },
      consensusStatus: () => ({
        phase: 'running', height: this.store.head().height + 1n, round: 0, step: 'propose', peers: 0, highestHeight: this.store.head().height,
        publicKey: this.validator.publicKey, isValidator: true,
      }),
      validators: () => genesisValidators(this.store.genesis),
      evidence: () => this.evidence,
      genesisFile: () => this.genesisFile,
    };
  }

  private submit(raw: Bytes): Bytes {
    const transaction = this.executor.admit(raw);
    const nonce = this.store.state().account(transaction.sender)?.nonce ?? 0n;
    if (transaction.nonce < nonce) throw Object.assign(new Error(`next is ${nonce}, the transaction has ${transaction.nonce}`), { code: 'nonceTooLow' });
    this.pool.set(toHex(transaction.hash), transaction);
    for (const listener of this.pendingListeners) listener(transaction);
    if (this.makesBlocks) void this.makeBlock();
    return transaction.hash;
  }

  private pendingNonce(address: Bytes): bigint {
    const nonces = new Set([...this.pool.values()].filter(({ sender }) => toHex(sender) === toHex(address)).map(({ nonce }) => nonce));
    let next = this.store.state().account(address)?.nonce ?? 0n;
    while (nonces.has(next)) next += 1n;
    return next;
  }

  private async makeOne(): Promise<void> {
    if (this.pool.size === 0) return;
    const parent = this.store.head();
    const now = BigInt(Date.now());
    const timeMs = now > parent.timeMs ? now : parent.timeMs + 1n;
    const candidates = [...this.pool.values()].sort((a, b) => (a.nonce < b.nonce ? -1 : 1));
    const built = await this.executor.buildBlock({ parent, timeMs, candidates, budgetMs: 5000 });
    const validators = genesisValidators(this.store.genesis);
    const lastCommit = parent.certificate;
    const header: Header = {
      version: 1, genesisHash: this.store.genesisHash, height: built.height, prevHash: parent.hash,
      prevCommitHash: lastCommit === null ? ZERO_HASH : certificateHash(lastCommit),
      timeMs, proposer: this.validator.publicKey, txRoot: built.txRoot, txCount: built.transactions.length, stateRoot: built.stateRoot,
      receiptsRoot: built.receiptsRoot, validatorsHash: validators.hash, nextValidatorsHash: validators.hash,
      paramsHash: paramsHash(this.store.genesis.params), evidenceRoot: evidenceRoot([]),
    };
    const block: Block = { header, transactions: built.transactions, lastCommit, evidence: [] };
    await this.executor.commit(block, this.certify(header), built);
    for (const { key } of built.executed) this.pool.delete(key);
    for (const listener of this.committedListeners) listener(header.height);
  }

  private certify(header: Header): Certificate {
    const vote = { kind: 'precommit' as const, height: header.height, round: 0, blockHash: blockHash(header) };
    const signature = sign(this.validator.privateKey, voteSignBytes(this.store.genesisHash, vote));
    return { ...vote, signatures: [{ validator: 0, signature }] };
  }
}

function genesisOf(publicKey: Bytes): Genesis {
  return {
    version: 2, evmChainId: BigInt(EVM_CHAIN_ID), faultModel: 'BFT', timeMs: BigInt(Date.now()), hardfork: 'osaka', protocolVersion: 1, access: 'open', params: DEFAULT_PARAMS,
    members: [{ name: 'one', governance: new Uint8Array(20).fill(1), operations: new Uint8Array(20).fill(2) }],
    validators: [{ publicKey, power: 1n, member: 0 }],
    alloc: [{ address: fromHex(RICH), balance: 10n ** 21n, code: new Uint8Array(0) }],
  };
}
