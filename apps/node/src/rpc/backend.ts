import type { AdmittedTransaction, ChainStore, Executor } from '#evm';
import type { Bytes, Evidence, GenesisFile, ValidatorSet } from '#ledger';

/** Where the node's consensus stands, for `stele_getConsensus`, `eth_syncing`, `net_peerCount`. */
export interface ConsensusStatus {
  phase: 'waiting' | 'running' | 'syncing' | 'halted';
  /** The height that is being decided: one above the head. */
  height: bigint;
  round: number;
  /** The machine's word for where it is within the round. */
  step: string;
  /** Peers that are connected and authenticated now. */
  peers: number;
  /** The highest head that any peer told of; at least this node's own. */
  highestHeight: bigint;
  /** This node's raw Ed25519 public key. */
  publicKey: Bytes;
  /** Whether this node votes on this chain. */
  isValidator: boolean;
  /** Why, when halted. */
  reason?: string;
}

/** Reads of the decided chain and executions that change nothing. */
export interface ChainAccess {
  store: ChainStore;
  executor: Pick<Executor, 'call' | 'estimateGas' | 'admit' | 'trace'>;
}

/**
 * What the JSON-RPC server needs of its node. Listeners are called synchronously and must not throw; the server's own never do.
 * Nothing here is called before a request needs it, so the server may be attached before there is a genesis.
 */
export interface RpcBackend {
  /** Of the program, e.g. `0.1.0`. */
  readonly version: string;
  /** Null until genesis is installed. */
  chain(): ChainAccess | null;
  /**
   * Admits a raw transaction to the pool and answers its hash once f+1 validators hold it. Admission happens before the first
   * await, so that transactions submitted in order are admitted in order. A transaction that the pool already holds answers its hash.
   * @throws errors with a string `code`: EvmError, PoolError, or `notAcknowledged` when f+1 did not hold it in time (it may
   * still be committed).
   */
  submit(raw: Bytes): Promise<Bytes>;
  /** The state's nonce plus what is ready in the pool. */
  pendingNonce(address: Bytes): bigint;
  /** A transaction that waits in the pool, or null. */
  pendingTransaction(hash: Bytes): AdmittedTransaction | null;
  /** Tells of every block after its commit is durable and readable, in order; answers what removes the listener. */
  onCommitted(listener: (height: bigint) => void): () => void;
  /** Tells of every transaction that enters the pool; answers what removes the listener. */
  onPending(listener: (transaction: AdmittedTransaction) => void): () => void;
  consensusStatus(): ConsensusStatus;
  /** Who votes on the height that is being decided; null until genesis is installed. */
  validators(): ValidatorSet | null;
  /** Equivocations: those that blocks hold, with the block's height, and those that wait for a block. Both are bounded. */
  evidence(): { included: readonly { height: bigint; evidence: Evidence }[]; waiting: readonly Evidence[] };
  /** Null until genesis is installed. */
  genesisFile(): GenesisFile | null;
}
