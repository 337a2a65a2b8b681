/** What the plan sees. All of it is plain data: the plan is a pure function of these and of `now`. */

/** A chain's wish, as PostgreSQL holds it. Written by the gateway. */
export interface DesiredChain {
  id: string;
  status: ChainStatus;
  faultModel: 'BFT' | 'CFT';
  /** The chain is to end: every node goes, volumes are set aside. */
  deleteWanted: boolean;
  /** Whether genesis has been written and stored; it never changes afterwards. */
  hasGenesis: boolean;
  /** Founding members whose signature over genesisHash is still missing. */
  unsignedFounders: readonly string[];
  nodes: readonly DesiredNode[];
}

export type ChainStatus = 'pending' | 'provisioning' | 'awaitingFounders' | 'starting' | 'running' | 'deleting' | 'deleted' | 'failed';

export interface DesiredNode {
  id: string;
  dataCenterId: string;
  kind: 'validator' | 'observer';
  /** Voting power; 0 for an observer. */
  power: bigint;
  wanted: 'running' | 'removed';
  /** Raw public key in hex, once the node has enrolled. */
  publicKey: string | null;
  hasPorts: boolean;
}

/** What was seen just now, in the runtimes and at the nodes' control listeners. */
export interface Observed {
  dataCenters: ReadonlyMap<string, ObservedDataCenter>;
  nodes: ReadonlyMap<string, ObservedMember>;
}

export interface ObservedDataCenter {
  reachable: boolean;
  /** Why it cannot be reached, in words for a person. */
  reason?: string;
  imageReady: boolean;
  networkReady: boolean;
  /** Nodes of this chain that run there without a row of their own. */
  strays: readonly string[];
}

/** One node as its runtime and its own control listener tell it. */
export interface ObservedMember {
  /** `stale`: it runs, but not what is wanted now (another specification). */
  container: 'missing' | 'created' | 'running' | 'exited' | 'stale' | 'unknown';
  control: ObservedControl | null;
}

export interface ObservedControl {
  phase: 'waiting' | 'running' | 'syncing' | 'halted';
  genesisHash: string | null;
  height: bigint;
  headHash: string | null;
  /** Whether the endpoints that it was last given are the ones wanted now. */
  endpointsCurrent: boolean;
  reason?: string;
}

/** One idempotent thing to do. All steps that one plan returns may run at the same time. */
export type Step =
  | { kind: 'prepareNodes'; nodeIds: readonly string[] }
  | { kind: 'ensureImage'; dataCenterId: string }
  | { kind: 'ensureNetwork'; dataCenterId: string }
  | { kind: 'applyNode'; nodeId: string; why: string }
  | { kind: 'enrolNode'; nodeId: string }
  | { kind: 'writeGenesis' }
  | { kind: 'putGenesis'; nodeId: string }
  | { kind: 'putEndpoints'; nodeId: string }
  | { kind: 'removeNode'; nodeId: string; dataCenterId: string; why: string }
  | { kind: 'removeNetwork'; dataCenterId: string }
  | { kind: 'setStatus'; status: ChainStatus; why: string }
  /** Nothing can be done now; look again after `forMs`, or at the next ring of the bell. */
  | { kind: 'wait'; why: string; forMs: number }
  /** What is wanted is what is. */
  | { kind: 'settled' };
