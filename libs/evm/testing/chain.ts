import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  blockHash, certificateHash, DEFAULT_PARAMS, evidenceRoot, genesisValidators, keyPairOf, paramsHash, ZERO_HASH,
  type Block, type Bytes, type Certificate, type Genesis, type Header,
} from '#ledger';
import { createExecutor, openChainStore, type ChainStore, type ExecutedBlock, type Executor } from '../src/index.js';
import { LmdbChainStore } from '../src/store/lmdb-chain-store.js';

/** A chain of one process for tests: every block that it makes is decided at once. The store and the executor are the real ones. */
export interface TestChain {
  folder: string;
  genesis: Genesis;
  store: ChainStore;
  executor: Executor;
  /** Executes and commits a block of these raw transactions, `stepMs` after the one below. */
  commit(raws: readonly Bytes[], stepMs?: bigint): Promise<Block>;
  execute(raws: readonly Bytes[], stepMs?: bigint): Promise<ExecutedBlock>;
  reopen(): Promise<void>;
  /** Waits until nothing is left to prune. */
  pruned(): Promise<void>;
  close(): Promise<void>;
}

export const EVM_CHAIN_ID = 4_503_599_627_370_495n;
const VALIDATOR = keyPairOf(new Uint8Array(32).fill(7));

const raise = (error: unknown): void => {
  throw error;
};

export function testGenesis(changes: Partial<Genesis> = {}): Genesis {
  return {
    version: 2, evmChainId: EVM_CHAIN_ID, faultModel: 'BFT', timeMs: 1_790_000_000_000n, hardfork: 'osaka', protocolVersion: 1, access: 'open', params: DEFAULT_PARAMS,
    members: [{ name: 'one', governance: new Uint8Array(20).fill(1), operations: new Uint8Array(20).fill(2) }],
    validators: [{ publicKey: VALIDATOR.publicKey, power: 1n, member: 0 }], alloc: [], ...changes,
  };
}

export async function openTestChain(changes: Partial<Genesis> = {}, history: number | 'archive' = 'archive'): Promise<TestChain> {
  const folder = mkdtempSync(join(tmpdir(), 'stele-evm-'));
  const genesis = testGenesis(changes);
  const open = async (): Promise<{ store: ChainStore; executor: Executor }> => {
    const store = await openChainStore(folder, { genesis, history, pruningFailed: raise });
    return { store, executor: await createExecutor({ store }) };
  };
  const chain: TestChain = {
    folder, genesis, ...(await open()),
    async execute(raws, stepMs = 1000n) {
      const parent = chain.store.head();
      return chain.executor.executeBlock({ parent, timeMs: parent.timeMs + stepMs, transactions: raws.map((raw) => chain.executor.admit(raw)) });
    },
    async commit(raws, stepMs = 1000n) {
      const lastCommit = chain.store.head().certificate;
      const executed = await chain.execute(raws, stepMs);
      const block = blockOf(chain.store, executed, lastCommit);
      await chain.executor.commit(block, certificateOf(block.header), executed);
      return block;
    },
    async reopen() {
      await chain.store.close();
      Object.assign(chain, await open());
    },
    async pruned() {
      if (chain.store instanceof LmdbChainStore) await chain.store.pruned();
    },
    close: () => chain.store.close(),
  };
  return chain;
}

export function blockOf(store: ChainStore, executed: ExecutedBlock, lastCommit: Certificate | null): Block {
  const validatorsHash = genesisValidators(store.genesis).hash;
  const header: Header = {
    version: 1, genesisHash: store.genesisHash, height: executed.height, prevHash: executed.parent.hash,
    prevCommitHash: lastCommit === null ? ZERO_HASH : certificateHash(lastCommit), timeMs: executed.timeMs, proposer: VALIDATOR.publicKey,
    txRoot: executed.txRoot, txCount: executed.executed.length, stateRoot: executed.stateRoot, receiptsRoot: executed.receiptsRoot,
    validatorsHash, nextValidatorsHash: validatorsHash, paramsHash: paramsHash(store.genesis.params), evidenceRoot: evidenceRoot([]),
  };
  return { header, transactions: executed.executed.map(({ raw }) => raw), lastCommit, evidence: [] };
}

export function certificateOf(header: Header): Certificate {
  return { kind: 'precommit', height: header.height, round: 0, blockHash: blockHash(header), signatures: [] };
}
