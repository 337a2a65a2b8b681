import type { AdmittedTransaction } from '#evm';
import type { Bytes, GenesisFile, ValidatorSet } from '#ledger';
import type { Chain } from '../chain/chain.js';
import type { ChainAccess, ConsensusStatus, RpcBackend } from '../rpc/index.js';
import { VERSION } from './version.js';

/** What JSON-RPC may ask of this node. It is there before the chain is: listeners are kept until then. */
export class NodeBackend implements RpcBackend {
  readonly version = VERSION;
  private running: { chain: Chain; file: GenesisFile } | null = null;
  private readonly committed = new Set<(height: bigint) => void>();
  private readonly pending = new Set<(transaction: AdmittedTransaction) => void>();

  constructor(private readonly publicKey: Bytes) {}

  /** The chain has started. */
  attach(chain: Chain, file: GenesisFile): void {
    this.running = { chain, file };
    chain.onCommitted((height) => {
      for (const listener of this.committed) listener(height);
    });
    chain.onPending((transaction) => {
      for (const listener of this.pending) listener(transaction);
    });
  }

  chain(): ChainAccess | null {
    return this.running === null ? null : { store: this.running.chain.store, executor: this.running.chain.executor };
  }

  submit(raw: Bytes): Promise<Bytes> {
    if (this.running === null) return Promise.reject(new Error('this node has no genesis yet'));
    return this.running.chain.gossip.submit(raw);
  }

  pendingNonce(address: Bytes): bigint {
    if (this.running === null) return 0n;
    const { pool, store } = this.running.chain;
    return pool.pendingNonce(address, store.state());
  }

  pendingTransaction(hash: Bytes): AdmittedTransaction | null {
    return this.running?.chain.pool.get(hash) ?? null;
  }

  onCommitted(listener: (height: bigint) => void): () => void {
    this.committed.add(listener);
    return () => void this.committed.delete(listener);
  }

  onPending(listener: (transaction: AdmittedTransaction) => void): () => void {
    this.pending.add(listener);
    return () => void this.pending.delete(listener);
  }

  consensusStatus(): ConsensusStatus {
    const { publicKey } = this;
    if (this.running === null) return { phase: 'waiting', height: 0n, round: 0, step: 'waiting', peers: 0, highestHeight: 0n, publicKey, isValidator: false };
    const { chain } = this.running;
    const { height, round, step } = chain.position;
    return {
      phase: chain.phase, height, round, step, peers: chain.mesh.up.length, highestHeight: chain.sync.highest, publicKey, isValidator: chain.isValidator,
      ...(chain.reason === undefined ? {} : { reason: chain.reason }),
    };
  }

  validators(): ValidatorSet | null {
    return this.running?.chain.validators ?? null;
  }

  evidence(): ReturnType<RpcBackend['evidence']> {
    return this.running?.chain.evidence() ?? { included: [], waiting: [] };
  }

  genesisFile(): GenesisFile | null {
    return this.running?.file ?? null;
  }
}
