/**
 * The runtime port: what the provisioner asks of a site where nodes run. Drivers: `docker`, `process`, `fake`; one contract
 * suite runs over all three (`testing/contract-suite.ts`).
 *
 * The contract:
 * - A runtime is bound to one install and touches nothing that does not carry that install's id.
 * - Every call that changes something is idempotent: doing it twice is doing it once, and undoing what is gone succeeds.
 * - `Unreachable` and `Timeout` leave open whether it happened. Ask again, or look with `get` and `list`.
 * - Every call takes an AbortSignal and ends by itself after `timeoutMs` (each driver has a default).
 * - Errors are `RuntimeError` with a code.
 */

export type RuntimeKind = 'docker' | 'process' | 'fake';

/** Ports on which a node listens inside its own container. Where there is no container, `NodePorts` are used directly. */
export const CONTAINER_PORTS = { peer: 7400, control: 7401, rpc: 7402 } as const;

export interface CallOptions {
  signal?: AbortSignal;
  /** Ends the call with code `Timeout`. */
  timeoutMs?: number;
}

export interface NodePorts {
  peer: number;
  control: number;
  rpc: number;
}

/** Every limit is enforced by `docker`, none by `process`. */
export interface NodeLimits {
  memoryBytes: number;
  /** CPUs, in fractions: 0.5 is half of one. */
  cpus: number;
  /** Processes and threads. A Node program takes about a dozen. */
  pids: number;
  /** Open files. */
  files: number;
}

export const DEFAULT_LIMITS: NodeLimits = { memoryBytes: 512 * 1024 * 1024, cpus: 1, pids: 128, files: 8192 };

/** A chain's own network at one site. */
export interface ChainNetwork {
  /** `networkName(installId, chainId)`. */
  name: string;
  /** CIDR of its own, e.g. a /27 (29 nodes) out of the site's pool. See `pickSubnet`. */
  subnet: string;
}

/** All that a node is started with. Equal specs have equal `specHash`; a different hash replaces the node, keeping its volume. */
export interface NodeSpec {
  installId: string;
  chainId: string;
  nodeId: string;
  /** Raised by whoever wants a change. A spec of an older generation than what runs is refused with `Conflict`. */
  generation: number;
  /** What `ensureImage` returned. */
  image: string;
  /** Keys, secret, log level. The driver itself adds STELE_DATA, STELE_HOST and the three STELE_*_PORT. */
  env: Record<string, string>;
  /** Ports at the advertised address, chosen from the site's range and stored by the caller (an automatic one changes at each restart). */
  ports: NodePorts;
  /** Address that the ports are published at and that other sites dial, e.g. 127.0.0.1. */
  advertise: string;
  network: ChainNetwork;
  limits: NodeLimits;
  /** `volumeName(installId, nodeId)`. Holds the node's key and chain; survives replacement. */
  volume: string;
}

export type NodeState = 'created' | 'running' | 'exited' | 'missing';

export interface ObservedNode {
  nodeId: string;
  chainId: string;
  /** 0 when missing. */
  generation: number;
  /** '' when missing. */
  specHash: string;
  state: NodeState;
  exitCode?: number;
  /** ISO 8601, of the present or last run. */
  startedAt?: string;
  /** How often the engine has started it again by itself. */
  restarts: number;
}

/** Where the provisioner and the gateway reach a node. */
export interface NodeEndpoint extends NodePorts {
  host: string;
  /** The container's own address: three times as fast, and named only where it answers, which is on the engine's own host. */
  internal?: { host: string } & NodePorts;
}

export interface NodeAddress {
  nodeId: string;
  advertise: string;
  ports: NodePorts;
}

export interface Capabilities {
  /** False: nodes see each other's files, memory and network. Refused in production mode. */
  isolates: boolean;
  /** To be shown to people wherever this runtime is chosen. */
  warning?: string;
  /** Whether a node that dies is started again without being asked. */
  restartsNodes: boolean;
  /** `relay`: nodes leave their network only through the chain's relay. `direct`: they dial whom they like. */
  egress: 'relay' | 'direct';
}

export interface EngineInfo {
  version: string;
  /** For people: `unix:/run/docker.sock`, `tcp://host:2376`, `child processes`. Never a secret. */
  endpoint: string;
}

export interface Capacity {
  cpus: number;
  memoryBytes: number;
  /** Nodes of this install that are there now, running or not. */
  nodes: number;
}

export interface EnsuredImage {
  /** For `NodeSpec.image`. Named by its content: the same bytes have the same name on every engine. */
  image: string;
  /** False when the engine had it. */
  imported: boolean;
  sizeBytes: number;
}

export interface VolumeInfo {
  name: string;
  chainId: string;
  nodeId: string;
}

/** A peer of the chain at another site: the advertised address and published peer port there. */
export interface RemotePeer {
  nodeId: string;
  host: string;
  port: number;
}

/** What a chain's nodes at this site may dial outside it: exactly `peers`. See docs/adr/0003. */
export interface EgressSpec {
  chainId: string;
  network: ChainNetwork;
  /** What `ensureImage` returned; the relay program is in the same image. */
  image: string;
  /** Subnet of the one network per install that relays, and nothing else, leave by. See `egressSubnet`. */
  egressSubnet: string;
  peers: readonly RemotePeer[];
}

export interface HardeningReport {
  ok: boolean;
  /** One line for each restriction that was asked for and not found in the running container. */
  dropped: readonly string[];
  /** What was checked, by name. */
  checked: readonly string[];
}

export interface Runtime {
  readonly kind: RuntimeKind;
  readonly installId: string;
  capabilities(): Capabilities;
  ping(call?: CallOptions): Promise<EngineInfo>;
  capacity(call?: CallOptions): Promise<Capacity>;
  /** Runs a container as nodes are run, looks at it from outside and inside, removes it. For the registration of an engine. */
  verifyHardening(call?: CallOptions): Promise<HardeningReport>;
  /** Makes the node image exist. */
  ensureImage(call?: CallOptions): Promise<EnsuredImage>;
  /** @throws RuntimeError `Conflict` when the subnet overlaps another network, or the name has another subnet or owner. */
  ensureNetwork(chainId: string, network: ChainNetwork, call?: CallOptions): Promise<void>;
  /** Removes the network and the chain's relay. Nodes must be gone: else `Conflict`. */
  removeNetwork(name: string, call?: CallOptions): Promise<void>;
  /** Creates, starts or replaces until what runs is `spec`; answers what runs then. */
  apply(spec: NodeSpec, call?: CallOptions): Promise<ObservedNode>;
  /** Never NotFound: a node that is not there has state `missing`. */
  get(nodeId: string, call?: CallOptions): Promise<ObservedNode>;
  /** All nodes of this install, or those of one chain; by label, so also those that no row knows. */
  list(filter?: { chainId?: string }, call?: CallOptions): Promise<ObservedNode[]>;
  /** SIGTERM, then SIGKILL after 10 s. A stopped node stays stopped, also when the engine restarts, until `apply`. */
  stop(nodeId: string, call?: CallOptions): Promise<void>;
  /** Stops every node and relay of this install. */
  stopAll(call?: CallOptions): Promise<void>;
  /** Stops and removes. `keep` sets the volume aside under its own name; `delete` destroys the key in it. */
  remove(nodeId: string, options: { volume: 'keep' | 'delete' }, call?: CallOptions): Promise<void>;
  /** @throws RuntimeError `NotFound`. */
  endpoint(nodeId: string, call?: CallOptions): Promise<NodeEndpoint>;
  /**
   * `host:port`s of a node of this site, best first, to be put into the endpoints of a peer. From another site these are its
   * published ones, which that peer's own runtime turns into what it can dial: `ensureEgress`. Pure.
   */
  peerEndpoints(node: NodeAddress, from: { fromSameEngine: boolean }): string[];
  /**
   * Lets the nodes of a chain at this site reach its `peers` at other sites, and nothing else; answers what they dial, by node
   * id. Replaces what was allowed before. With `direct` egress this only answers the addresses.
   */
  ensureEgress(egress: EgressSpec, call?: CallOptions): Promise<Record<string, string[]>>;
  removeEgress(chainId: string, call?: CallOptions): Promise<void>;
  /** Last lines of stdout and stderr together. @throws RuntimeError `NotFound`. */
  logs(nodeId: string, options?: { tailLines?: number }, call?: CallOptions): Promise<string>;
  listVolumes(filter?: { chainId?: string }, call?: CallOptions): Promise<VolumeInfo[]>;
  /** @throws RuntimeError `Conflict` while a node uses it. */
  removeVolume(name: string, call?: CallOptions): Promise<void>;
  /** Frees sockets and timers; nodes go on. */
  close(): Promise<void>;
}
